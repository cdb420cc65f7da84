import type { Resolvers } from '../../generated/graphql.ts';
import { idTime } from '../../stores/ids.ts';
import { mutation, requireSession } from '../context.ts';
import { badInput } from '../kernel/errors.ts';
import { pageRequest, parseCursor } from '../kernel/paging.ts';
import { eventFields, subscription } from '../live/event-resolvers.ts';
import { listActivities, markRead } from './list.ts';
import { subscribeToActivity } from './subscriptions.ts';

/** The viewer's activity in GraphQL. */
export const activityResolvers: Resolvers = {
  Query: {
    activity: (_, page, context) => {
      const { userId } = requireSession(context);
      return listActivities(context.stores, userId, pageRequest(page));
    },
  },
  Mutation: {
    markActivityRead: mutation(async (session, { input: { upTo } }, context) => {
      const sortId = parseCursor(upTo);
      if (sortId === null) throw badInput('"upTo" is not a cursor of this list: take it from "edges.cursor".');
      await markRead(context.stores, session.userId, sortId);
      return { viewer: session };
    }),
  },
  Subscription: {
    activity: subscription((_, { after }, context) =>
      subscribeToActivity(context.stores, requireSession(context).userId, after, context.signal),
    ),
  },
  Viewer: {
    unreadActivityCount: ({ userId }, _, { loaders }) => loaders.unreadActivityCount.load(userId),
  },
  Activity: {
    actors: async ({ actorIds }, _, { loaders }) => {
      const people = await loaders.users(actorIds);
      return people.filter((person) => person !== null);
    },
    actorCount: ({ actorIds, actorCount }) => Math.max(actorIds.length, actorCount),
    photo: ({ photoId }, _, { loaders }) => (photoId === null ? null : loaders.visiblePhoto.load(photoId)),
    comment: ({ photoId, commentId }, _, { loaders }) =>
      photoId === null || commentId === null ? null : loaders.visibleComment.load([photoId, commentId]),
    happenedAt: ({ sortId }) => new Date(idTime(sortId)),
  },
  ActivityEvent: {
    ...eventFields,
    activity: ({ value }) => value,
    unreadCount: (_, __, context) => context.loaders.unreadActivityCount.load(requireSession(context).userId),
  },
};
