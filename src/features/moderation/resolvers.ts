import type { Resolvers } from '../../generated/graphql.ts';
import { idTime, toGlobalId } from '../../stores/ids.ts';
import { type Context, mutation, requireSession } from '../context.ts';
import { type ClientText, excerpt } from '../kernel/client-text.ts';
import { badInput, forbidden, userError } from '../kernel/errors.ts';
import { pageRequest } from '../kernel/paging.ts';
import { parseCommentId, parseGlobalId, parseId } from '../kernel/validate.ts';
import { dismissReports, removeComment, setPhotoHidden, setSuspended } from './actions.ts';
import { listModerationActions } from './log.ts';
import { createReport, isModerator, listQueue, type Subject } from './reports.ts';

/** Reports and moderation actions in GraphQL. */
export const moderationResolvers: Resolvers = {
  Query: {
    moderationQueue: async (_, page, context) => {
      await requireModerator(context);
      return listQueue(context.stores, pageRequest(page));
    },
    moderationLog: async (_, page, context) => {
      await requireModerator(context);
      return listModerationActions(context.stores, pageRequest(page));
    },
  },
  Mutation: {
    report: mutation(async ({ userId }, { input }, context) => {
      const subject = await requireSubject(context, input.subjectId);
      await createReport(context.stores, userId, subject, input.reason, input.details ?? '');
      return { reported: true };
    }),
    hidePhoto: setHidden(true),
    restorePhoto: setHidden(false),
    removeComment: moderation(async (moderatorId, { input }, context) => {
      const [photoId, commentId] = parseCommentId(input.commentId);
      const comment = await context.loaders.visibleComment.load([photoId, commentId]);
      if (!comment) throw userError('NOT_FOUND', 'There is no such comment.', 'commentId');
      const subject = { userId: comment.authorId, photoId, commentId };
      await removeComment(context.stores, moderatorId, subject, input.why);
      return { removedCommentId: toGlobalId('Comment', photoId, commentId) };
    }),
    suspendUser: setUserSuspended(true),
    restoreUser: setUserSuspended(false),
    dismissReports: moderation(async (moderatorId, { input }, context) => {
      const subject = await requireSubject(context, input.subjectId);
      return { dismissedCount: await dismissReports(context.stores, moderatorId, subject, input.why) };
    }),
  },
  Viewer: {
    isModerator: ({ userId }, _, { stores }) => isModerator(stores.db, userId),
  },
  Report: {
    id: ({ id }) => toGlobalId('Report', id),
    subject: ({ userId, photoId, commentId }, _, { loaders }) => {
      if (photoId === null) return loaders.visibleUser.load(userId);
      return commentId === null
        ? loaders.visiblePhoto.load(photoId)
        : loaders.visibleComment.load([photoId, commentId]);
    },
    reporter: async ({ reporterId }, _, { loaders }) => {
      const reporter = await loaders.user.load(reporterId);
      return reporter?.isHidden ? null : reporter;
    },
    createdAt: ({ id }) => new Date(idTime(id)),
  },
  ModerationAct: {
    why: ({ reason }) => reason,
    moderator: async ({ moderatorId }, _, { loaders }) => {
      const moderator = moderatorId === null ? null : await loaders.user.load(moderatorId);
      return moderator?.isHidden ? null : moderator;
    },
    user: ({ userId }, _, { loaders }) => (userId === null ? null : loaders.visibleUser.load(userId)),
    photo: ({ photoId }, _, { loaders }) => (photoId === null ? null : loaders.visiblePhoto.load(photoId)),
    createdAt: ({ id }) => new Date(idTime(id)),
  },
};

/**
 * The viewer's id, if the viewer is a moderator now.
 *
 * @throws UNAUTHENTICATED without a session, FORBIDDEN for others
 */
async function requireModerator(context: Context): Promise<bigint> {
  const { userId } = requireSession(context);
  if (!(await isModerator(context.stores.db, userId))) throw forbidden('This is for moderators.');
  return userId;
}

/**
 * Finds the subject of a report by its global id.
 *
 * @throws UserErrors NOT_FOUND for a subject that the viewer may not see
 * @throws BAD_USER_INPUT for an id of another type
 */
async function requireSubject({ loaders }: Context, globalId: ClientText): Promise<Subject> {
  const id = parseGlobalId(globalId);
  const [first, second = 0n] = id?.parts ?? [0n];
  switch (id?.type) {
    case 'User': {
      const user = await loaders.visibleUser.load(first);
      if (user) return { userId: user.id, photoId: null, commentId: null };
      break;
    }
    case 'Photo': {
      const photo = await loaders.visiblePhoto.load(first);
      if (photo) return { userId: photo.ownerId, photoId: photo.id, commentId: null };
      break;
    }
    case 'Comment': {
      const comment = await loaders.visibleComment.load([first, second]);
      if (comment) return { userId: comment.authorId, photoId: comment.photoId, commentId: comment.id };
      break;
    }
    default:
      throw badInput(`"${excerpt(globalId)}" is not the id of a Photo, a Comment or a User.`);
  }
  throw userError('NOT_FOUND', 'There is nothing with this id that you may see.', 'subjectId');
}

/** Makes a mutation for moderators. @param work see `mutation` */
function moderation<Args, Result extends object>(
  work: (moderatorId: bigint, args: Args, context: Context) => Promise<Result>,
) {
  return mutation(async (_, args: Args, context) => work(await requireModerator(context), args, context));
}

function setHidden(isHidden: boolean) {
  return moderation(async (moderatorId, { input }: { input: { photoId: ClientText; why: ClientText } }, context) => {
    const photo = await context.loaders.visiblePhoto.load(parseId('Photo', input.photoId));
    if (photo?.status !== 'READY') throw userError('NOT_FOUND', 'There is no such photo.', 'photoId');
    const subject = { userId: photo.ownerId, photoId: photo.id, commentId: null };
    await setPhotoHidden(context.stores, moderatorId, subject, isHidden, input.why);
    context.loaders.clear();
    return { photo: await context.loaders.visiblePhoto.load(photo.id) };
  });
}

function setUserSuspended(isSuspended: boolean) {
  return moderation(async (moderatorId, { input }: { input: { userId: ClientText; why: ClientText } }, context) => {
    const userId = parseId('User', input.userId);
    const user = await context.loaders.visibleUser.load(userId);
    if (!user) throw userError('NOT_FOUND', 'There is no such person.', 'userId');
    await setSuspended(context.stores, moderatorId, userId, isSuspended, input.why);
    context.loaders.clear();
    return { user: await context.loaders.visibleUser.load(userId) };
  });
}
