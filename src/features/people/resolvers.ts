import type { Resolvers } from '../../generated/graphql.ts';
import type { Stores } from '../../stores/stores.ts';
import { findUserIdByUsername } from '../accounts/usernames.ts';
import { type Context, mutation } from '../context.ts';
import type { ClientText } from '../kernel/client-text.ts';
import { userError } from '../kernel/errors.ts';
import { emptyPage, pageRequest } from '../kernel/paging.ts';
import { parseId } from '../kernel/validate.ts';
import type { UserRow } from '../records/user-rows.ts';
import { block, unblock } from './blocks.ts';
import { follow, removeFollower, unfollow } from './follows.ts';
import type { PeopleListName } from './lists.ts';
import { mute, unmute } from './mutes.ts';
import { setPrivacy } from './privacy.ts';
import { approveRequest, declineRequest, withdrawRequest } from './requests.ts';

/** People and the relations between them, in GraphQL. */
export const peopleResolvers: Resolvers = {
  Query: {
    user: async (_, { username }, { stores, loaders }) => {
      const id = await findUserIdByUsername(stores, username);
      return id === null ? null : loaders.visibleUser.load(id);
    },
  },
  Mutation: {
    follow: changeRelationship(follow),
    unfollow: changeRelationship(unfollow),
    withdrawFollowRequest: changeRelationship(withdrawRequest),
    approveFollowRequest: changeRelationship(approveRequest),
    declineFollowRequest: changeRelationship(declineRequest),
    removeFollower: changeRelationship(removeFollower),
    block: mutation(async ({ userId }, { input }, context) => {
      const otherId = parseId('User', input.userId);
      await block(context.stores, userId, otherId);
      // Without the visibility rules: a viewer sees whom they block.
      return { user: await context.loaders.user.load(otherId) };
    }),
    unblock: mutation(async ({ userId }, { input }, context) => {
      const otherId = parseId('User', input.userId);
      const wasBlocked = await unblock(context.stores, userId, otherId);
      const user = wasBlocked ? await context.loaders.user.load(otherId) : await requireUser(context, otherId);
      return { user };
    }),
    mute: changeRelationship(mute),
    unmute: changeRelationship(unmute),
    setPrivacy: mutation(async ({ userId }, { input }, context) => {
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

/**
 * Makes a mutation that changes something between the viewer and a person whom they may see. It returns that person.
 */
function changeRelationship(work: (stores: Stores, viewerId: bigint, otherId: bigint) => Promise<void>) {
  return mutation(async ({ userId }, { input }: { input: { userId: ClientText } }, context) => {
    const otherId = parseId('User', input.userId);
    await requireUser(context, otherId);
    await work(context.stores, userId, otherId);
    // Read again: the change may decide whether the viewer may see the person.
    return { user: await context.loaders.visibleUser.clear(otherId).load(otherId) };
  });
}

/** A person whom the viewer may see. @throws UserErrors NOT_FOUND */
async function requireUser({ loaders }: Context, id: bigint): Promise<UserRow> {
  const user = await loaders.visibleUser.load(id);
  if (!user) throw userError('NOT_FOUND', 'There is no such person.', 'userId');
  return user;
}

/** A person's counts; zeros for a person whom the viewer may not see. */
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
