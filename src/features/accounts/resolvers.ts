import type { Resolvers } from '../../generated/graphql.ts';
import { idTime, toGlobalId } from '../../stores/ids.ts';
import { requireSession } from '../context.ts';
import { mistake, payload } from '../errors.ts';
import { pageRequest } from '../paging.ts';
import { parseId } from '../validate.ts';
import { changePassword, logIn } from './log-in.ts';
import { updateProfile } from './profile.ts';
import { endSessions, listSessions, useSession } from './sessions.ts';
import { signUp } from './sign-up.ts';

/** Accounts in GraphQL. */
export const accountResolvers: Resolvers = {
  Query: {
    me: (_, __, { session }) => session,
  },
  Mutation: {
    signUp: (_, { input }, { stores }) =>
      payload(async () => {
        const { token } = await signUp(stores, { ...input, device: input.device ?? '' });
        return { token, viewer: await useSession(stores, token) };
      }),
    logIn: (_, { input }, { stores, address }) =>
      payload(async () => {
        const { token } = await logIn(stores, address, { ...input, device: input.device ?? '' });
        return { token, viewer: await useSession(stores, token) };
      }),
    logOut: (_, __, context) =>
      payload(async () => {
        const session = requireSession(context);
        await endSessions(context.stores, session.userId, { only: session.id });
        return {};
      }),
    revokeSession: (_, { input: { sessionId } }, context) =>
      payload(async () => {
        const { userId } = requireSession(context);
        const [ended] = await endSessions(context.stores, userId, { only: parseId('Session', sessionId) });
        if (ended === undefined) throw mistake('NOT_FOUND', 'You have no such session.', 'sessionId');
        return { revokedSessionId: toGlobalId('Session', ended) };
      }),
    changePassword: (_, { input }, context) =>
      payload(async () => {
        const session = requireSession(context);
        await changePassword(context.stores, session, context.address, input);
        return { viewer: session };
      }),
    updateProfile: (_, { input }, context) =>
      payload(async () => {
        const { userId } = requireSession(context);
        await updateProfile(context.stores, userId, input);
        return { user: await context.loaders.user.clear(userId).load(userId) };
      }),
  },
  User: {
    id: ({ id }) => toGlobalId('User', id),
    createdAt: ({ id }) => new Date(idTime(id)),
  },
  Viewer: {
    user: async ({ userId }, _, { loaders }) => {
      const user = await loaders.user.load(userId);
      if (!user) throw new Error(`The session of a person who does not exist: ${userId}.`);
      return user;
    },
    email: async ({ userId }, _, { stores }) => {
      const { email } = await stores.db.user.findUniqueOrThrow({ where: { id: userId }, select: { email: true } });
      return email;
    },
    sessions: ({ userId }, page, { stores }) => listSessions(stores, userId, pageRequest(page)),
  },
  Session: {
    id: ({ id }) => toGlobalId('Session', id),
    createdAt: ({ id }) => new Date(idTime(id)),
    lastUsedAt: ({ lastUsedAt }) => new Date(lastUsedAt),
    expiresAt: ({ expiresAt }) => new Date(expiresAt),
    isCurrent: ({ id }, _, { session }) => id === session?.id,
  },
};
