import type { Resolvers } from '../../generated/graphql.ts';
import { idTime, toGlobalId } from '../../stores/ids.ts';
import { putHeaders } from '../../stores/objects.ts';
import { type Context, mutation } from '../context.ts';
import { notFound, userError } from '../kernel/errors.ts';
import { emptyPage, pageRequest } from '../kernel/paging.ts';
import { parseCommentId, parseId } from '../kernel/validate.ts';
import { eventFields, subscription } from '../live/event-resolvers.ts';
import { parseLocationInput } from '../places/locations.ts';
import { addComment, deleteComment } from './comments.ts';
import { readCounts } from './counts.ts';
import { deletePhoto, updatePhoto } from './edit.ts';
import { explainFailure } from './failures.ts';
import { likePhoto, unlikePhoto } from './likes.ts';
import { toImage } from './media.ts';
import { publishPhoto } from './publish.ts';
import { subscribeToPhoto } from './subscriptions.ts';
import { createUpload } from './uploads.ts';

/** Photos in GraphQL. */
export const photoResolvers: Resolvers = {
  Mutation: {
    createUpload: mutation(async ({ userId }, { input }, context) => {
      return { upload: await createUpload(context.stores, userId, input) };
    }),
    publishPhoto: mutation(async ({ userId }, { input }, context) => {
      const id = await publishPhoto(context.stores, userId, parseId('Upload', input.uploadId), {
        ...input,
        caption: input.caption ?? '',
        location: input.location ? parseLocationInput(input.location) : null,
      });
      const photo = await context.loaders.visiblePhoto.load(id);
      if (!photo) throw userError('NOT_FOUND', 'The photo that this key made has been deleted.', 'idempotencyKey');
      return { photo };
    }),
    updatePhoto: mutation(async ({ userId }, { input }, context) => {
      const id = parseId('Photo', input.photoId);
      const location = input.location ? parseLocationInput(input.location) : input.location;
      await updatePhoto(context.stores, userId, id, { caption: input.caption ?? undefined, location });
      return { photo: await context.loaders.visiblePhoto.load(id) };
    }),
    deletePhoto: mutation(async ({ userId }, { input }, context) => {
      const id = parseId('Photo', input.photoId);
      await deletePhoto(context.stores, userId, id);
      return { deletedPhotoId: toGlobalId('Photo', id) };
    }),
    likePhoto: mutation(async ({ userId }, { input }, context) => {
      const id = parseId('Photo', input.photoId);
      await likePhoto(context.stores, userId, id);
      return { photo: await photoWithExactCounts(context, id) };
    }),
    unlikePhoto: mutation(async ({ userId }, { input }, context) => {
      const id = parseId('Photo', input.photoId);
      await unlikePhoto(context.stores, userId, id);
      return { photo: await photoWithExactCounts(context, id) };
    }),
    addComment: mutation(async ({ userId }, { input }, context) => {
      const id = parseId('Photo', input.photoId);
      const comment = await addComment(context.stores, userId, id, input);
      await photoWithExactCounts(context, id);
      return { comment };
    }),
    deleteComment: mutation(async ({ userId }, { input }, context) => {
      const [photoId, commentId] = parseCommentId(input.commentId);
      await deleteComment(context.stores, userId, photoId, commentId);
      const deletedCommentId = toGlobalId('Comment', photoId, commentId);
      return { deletedCommentId, photo: await photoWithExactCounts(context, photoId) };
    }),
  },
  Subscription: {
    photo: subscription(async (_, { id, after }, { stores, readViewer, signal }) => {
      const events = await subscribeToPhoto(stores, readViewer(), parseId('Photo', id), after, signal);
      if (!events) throw notFound('There is no such photo.');
      return events;
    }),
  },
  Photo: {
    id: ({ id }) => toGlobalId('Photo', id),
    hashtags: ({ hashtags }) => hashtags,
    owner: async ({ ownerId }, _, { loaders }) => existing(await loaders.user.load(ownerId)),
    failure: ({ failure }) => failure,
    image: (photo, { size }, { stores }) => toImage(stores, photo, size),
    createdAt: ({ id }) => new Date(idTime(id)),
    publishedAt: ({ publishedId }) => (publishedId === null ? null : new Date(idTime(publishedId))),
    likeCount: async ({ id }, _, { loaders }) => (await loaders.photoCounts.load(id))?.likes ?? 0,
    commentCount: async ({ id }, _, { loaders }) => (await loaders.photoCounts.load(id))?.comments ?? 0,
    viewerHasLiked: ({ id }, _, { loaders }) => loaders.viewerLikes.load(id),
    comments: ({ id }, page, { loaders }) => loaders.comments(pageRequest(page)).load(id),
    likers: ({ id }, page, { loaders }) => loaders.people('likers', pageRequest(page)).load(id),
  },
  User: {
    photos: async ({ id }, page, { loaders }) => {
      const request = pageRequest(page);
      return (await loaders.visibleWithin.load(id)) ? loaders.photosOf(request).load(id) : emptyPage();
    },
  },
  PhotoEvent: {
    ...eventFields,
    photo: ({ value }) => value?.photo ?? null,
    comment: ({ value }) => value?.comment ?? null,
  },
  PhotoFailure: {
    code: (code) => code,
    message: (code, _, { stores }) => explainFailure(code, stores.config),
  },
  Comment: {
    id: ({ photoId, id }) => toGlobalId('Comment', photoId, id),
    photo: async ({ photoId }, _, { loaders }) => existing(await loaders.visiblePhoto.load(photoId)),
    author: async ({ authorId }, _, { loaders }) => existing(await loaders.user.load(authorId)),
    createdAt: ({ id }) => new Date(idTime(id)),
  },
  Upload: {
    id: ({ id }) => toGlobalId('Upload', id),
    url: (upload, _, { loaders }) => loaders.uploadUrl.load(upload),
    headers: putHeaders,
  },
};

/**
 * Reads a photo with exact counts, so that the response includes the change of this request before the worker folds it.
 */
async function photoWithExactCounts({ stores, readViewer, loaders }: Context, id: bigint) {
  const [counts] = await readCounts(stores, readViewer(), [id], true);
  loaders.photoCounts.clear(id).prime(id, counts ?? null);
  return loaders.visiblePhoto.clear(id).load(id);
}

/** The row that another row refers to. It is missing only if it was deleted between two reads of this request. */
function existing<T>(row: T | null): T {
  if (row === null) throw notFound('It has just been deleted.');
  return row;
}
