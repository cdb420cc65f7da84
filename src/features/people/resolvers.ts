import type { Resolvers } from '../../generated/graphql.ts';
import type { Stores } from '../../stores/stores.ts';
import { findUserIdByUsername } from '../accounts/usernames.ts';
import { type Context, requireSession } from '../context.ts';
import { payload, userError } from '../kernel/errors.ts';
import { emptyPage, pageRequest } from '../kernel/paging.ts';
import { parseId } from '../kernel/validate.ts';
import type { UserRow } from '../records/user-rows.ts';
import { block, unblock } from './blocks.ts';
import { follow, removeFollower, unfollow } from './follows.ts';
import type { PeopleListName } from './lists.ts';
import { mute, unmute } from './mutes.ts';
import { setPrivacy } from './privacy.ts';
import { approveRequest, declineRequest, withdrawRequest } from './requests.ts';

/** People and what stands between them, in GraphQL. */
export const peopleResolvers: Resolvers = {
  Query: {
    user: async (_, { username }, { stores, loaders }) => {
      const id = await findUserIdByUsername(stores, username);
      return id === null ? null : loaders.visibleUser.load(id);
    },
  },
  Mutation: {
    follow: (_, { input }, context) => changeRelationship(context, input.userId, follow),
    unfollow: (_, { input }, context) => changeRelationship(context, input.userId, unfollow),
    withdrawFollowRequest: (_, { input }, context) => changeRelationship(context, input.userId, withdrawRequest),
    approveFollowRequest: (_, { input }, context) => changeRelationship(context, input.userId, approveRequest),
    declineFollowRequest: (_, { input }, context) => changeRelationship(context, input.userId, declineRequest),
    removeFollower: (_, { input }, context) => changeRelationship(context, input.userId, removeFollower),
    block: (_, { input }, context) =>
      payload(async () => {
        const { userId } = requireSession(context);
        const otherId = parseId('User', input.userId);
        await block(context.stores, userId, otherId);
        // The one who blocks sees whom.
        return { user: await context.loaders.user.load(otherId) };
      }),
    unblock: (_, { input }, context) =>
      payload(async () => {
        const { userId } = requireSession(context);
        const otherId = parseId('User', input.userId);
        const wasBlocked = await unblock(context.stores, userId, otherId);
        const user = wasBlocked ? await context.loaders.user.load(otherId) : await requireUser(context, otherId);
        return { user };
      }),
    mute: (_, { input }, context) => changeRelationship(context, input.userId, mute),
    unmute: (_, { input }, context) => changeRelationship(context, input.userId, unmute),
    setPrivacy: (_, { input }, context) =>
      payload(async () => {
        const { userId } = requireSession(context);
        await setPrivacy(context.stores, userId, input.isPrivate);
        return { user: await context.loaders.user.clear(userId).load(userId) };
      }),
  },
  User: {
    photoCount: async ({ id }, _, context) => (await countsOf(context, id)).photos,
    followerCount: async ({ id }, _, context) => (await countsOf(context, id)).followers,
    followingCount: async ({ id }, _, context) => (await countsOf(context, id)).following,
    followers: (user, page, context) => listWithin(context, 'followers', user, page),
    following: (user, page, context) => listWithin(context, 'following', user, page),
    viewerFollows: ({ id }, _, { loaders }) => loaders.viewerFollows.load(id),
    followsViewer: ({ id }, _, { loaders }) => loaders.followsViewer.load(id),
    viewerRequested: ({ id }, _, { loaders }) => loaders.viewerRequested.load(id),
    requestedViewer: ({ id }, _, { loaders }) => loaders.requestedViewer.load(id),
    isBlockedByViewer: ({ id }, _, { loaders }) => loaders.viewerBlocks.load(id),
    isMutedByViewer: ({ id }, _, { loaders }) => loaders.viewerMutes.load(id),
  },
  Viewer: {
    followRequests: ({ userId }, page, { loaders }) => loaders.people('requests', pageRequest(page)).load(userId),
    sentFollowRequests: ({ userId }, page, { loaders }) =>
      loaders.people('sentRequests', pageRequest(page)).load(userId),
    blockedUsers: ({ userId }, page, { loaders }) => loaders.people('blocked', pageRequest(page)).load(userId),
    mutedUsers: ({ userId }, page, { loaders }) => loaders.people('muted', pageRequest(page)).load(userId),
  },
};

/** Does something to a person whom the viewer may see, and answers with that person. */
function changeRelationship(
  context: Context,
  globalId: string,
  work: (stores: Stores, viewerId: bigint, otherId: bigint) => Promise<void>,
) {
  return payload(async () => {
    const { userId } = requireSession(context);
    const otherId = parseId('User', globalId);
    await requireUser(context, otherId);
    await work(context.stores, userId, otherId);
    // Looked at anew: what the viewer may see of them can have changed with it.
    return { user: await context.loaders.visibleUser.clear(otherId).load(otherId) };
  });
}

/** A person whom the viewer may see. @throws UserErrors NOT_FOUND */
async function requireUser({ loaders }: Context, id: bigint): Promise<UserRow> {
  const user = await loaders.visibleUser.load(id);
  if (!user) throw userError('NOT_FOUND', 'There is no such person.', 'userId');
  return user;
}

/** A person's counts; of somebody between whom and the viewer there is a block, none. */
async function countsOf({ loaders }: Context, id: bigint) {
  const [visible, counts] = await Promise.all([loaders.visibleUser.load(id), loaders.userCounts.load(id)]);
  return visible ? counts : { photos: 0, followers: 0, following: 0 };
}

async function listWithin(
  { loaders }: Context,
  name: PeopleListName,
  { id }: UserRow,
  page: Parameters<typeof pageRequest>[0],
) {
  const request = pageRequest(page);
  return (await loaders.visibleWithin.load(id)) ? loaders.people(name, request).load(id) : emptyPage<UserRow>();
}
