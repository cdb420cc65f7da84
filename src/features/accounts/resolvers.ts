import type { Resolvers } from '../../generated/graphql.ts';
import { idTime, toGlobalId } from '../../stores/ids.ts';
import { mutation } from '../context.ts';
import { payload, userError } from '../kernel/errors.ts';
import { pageRequest } from '../kernel/paging.ts';
import { parseId } from '../kernel/validate.ts';
import { avatarImage, removeAvatar, setAvatar } from './avatar.ts';
import { deactivateAccount } from './deactivate.ts';
import { changePassword, confirmPassword, logIn } from './log-in.ts';
import { requestEmailVerification, requestPasswordReset, resetPassword, verifyEmail } from './mail.ts';
import { updateProfile } from './profile.ts';
import { authenticateToken, endSessions, listSessions } from './sessions.ts';
import { signUp } from './sign-up.ts';
import { changeUsername } from './usernames.ts';

/** Accounts in GraphQL. */
export const accountResolvers: Resolvers = {
  Query: {
    me: (_, __, { readSession }) => readSession(),
  },
  Mutation: {
    signUp: (_, { input }, { stores }) =>
      payload(async () => {
        const { token } = await signUp(stores, { ...input, device: input.device ?? '' });
        return { token, viewer: await authenticateToken(stores, token) };
      }),
    logIn: (_, { input }, { stores, address }) =>
      payload(async () => {
        const { token } = await logIn(stores, address, { ...input, device: input.device ?? '' });
        return { token, viewer: await authenticateToken(stores, token) };
      }),
    logOut: mutation(async (session, __, context) => {
      await endSessions(context.stores, session.userId, { only: session.id });
      return {};
    }),
    revokeSession: mutation(async ({ userId }, { input: { sessionId } }, context) => {
      const [ended] = await endSessions(context.stores, userId, { only: parseId('Session', sessionId) });
      if (ended === undefined) throw userError('NOT_FOUND', 'You have no such session.', 'sessionId');
      return { revokedSessionId: toGlobalId('Session', ended) };
    }),
    changePassword: mutation(async (session, { input }, context) => {
      await changePassword(context.stores, session, context.address, input);
      return { viewer: session };
    }),
    updateProfile: mutation(async ({ userId }, { input }, context) => {
      await updateProfile(context.stores, userId, input);
      return { user: await context.loaders.user.clear(userId).load(userId) };
    }),
    changeUsername: mutation(async ({ userId }, { input }, context) => {
      await changeUsername(context.stores, userId, input.username);
      return { user: await context.loaders.user.clear(userId).load(userId) };
    }),
    setAvatar: mutation(async (session, { input }, context) => {
      await setAvatar(context.stores, session.userId, parseId('Upload', input.uploadId));
      return { viewer: session };
    }),
    removeAvatar: mutation(async ({ userId }, __, context) => {
      await removeAvatar(context.stores, userId);
      return { user: await context.loaders.user.clear(userId).load(userId) };
    }),
    requestEmailVerification: mutation(async (session, __, context) => {
      await requestEmailVerification(context.stores, session.userId);
      return { viewer: session };
    }),
    verifyEmail: (_, { input }, { stores }) =>
      payload(async () => {
        await verifyEmail(stores, input.token);
        return { verified: true };
      }),
    requestPasswordReset: (_, { input }, { stores, address }) =>
      payload(async () => {
        await requestPasswordReset(stores, address, input.email);
        return {};
      }),
    resetPassword: (_, { input }, { stores }) =>
      payload(async () => {
        await resetPassword(stores, input.token, input.newPassword);
        return { changed: true };
      }),
    deactivateAccount: mutation(async ({ userId }, { input }, context) => {
      await confirmPassword(context.stores, userId, context.address, input.password);
      return { deletedAfter: await deactivateAccount(context.stores, userId) };
    }),
  },
  User: {
    id: ({ id }) => toGlobalId('User', id),
    avatar: (user, _, { stores }) => avatarImage(stores, user),
    createdAt: ({ id }) => new Date(idTime(id)),
  },
  Viewer: {
    user: async ({ userId }, _, { loaders }) => {
      const user = await loaders.user.load(userId);
      if (!user) throw new Error(`The session of a person who does not exist: ${userId}.`);
      return user;
    },
    email: async ({ userId }, _, { loaders }) => (await loaders.account.load(userId)).email,
    emailIsVerified: async ({ userId }, _, { loaders }) =>
      (await loaders.account.load(userId)).emailVerifiedAt !== null,
    avatarStatus: async ({ userId }, _, { loaders }) => (await loaders.account.load(userId)).avatarStatus,
    avatarFailure: async ({ userId }, _, { loaders }) => (await loaders.account.load(userId)).avatarFailure,
    sessions: ({ userId }, page, { stores }) => listSessions(stores, userId, pageRequest(page)),
  },
  Session: {
    id: ({ id }) => toGlobalId('Session', id),
    createdAt: ({ id }) => new Date(idTime(id)),
    lastUsedAt: ({ lastUsedAt }) => new Date(lastUsedAt),
    expiresAt: ({ expiresAt }) => new Date(expiresAt),
    isCurrent: ({ id }, _, { readSession }) => id === readSession()?.id,
  },
};
