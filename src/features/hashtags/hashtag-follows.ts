/** Which hashtags people follow. */
import { writeInvalidating } from '../../stores/cached-rows.ts';
import { addJob } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { userError } from '../kernel/errors.ts';
import { type Connection, type PageRequest, toConnection } from '../kernel/paging.ts';
import { followedHashtagsKey } from '../records/feed-keys.ts';
import type { HashtagRow } from './parse-hashtags.ts';

/** The most hashtags that a person follows: each is one more list to be merged into their feed. */
const MAX_FOLLOWED = 200;

/** Follows a hashtag. Again changes nothing. @throws UserErrors TOO_MANY */
export async function followHashtag({ db, redis }: Stores, userId: bigint, hashtag: string): Promise<void> {
  await writeInvalidating(redis, [followedHashtagsKey(userId)], () =>
    db.$transaction(async (tx) => {
      // One after the other, so that they are counted rightly.
      await tx.$queryRaw`select id from users where id = ${userId} for no key update`;
      const where = { userId_hashtag: { userId, hashtag } };
      if (await tx.hashtagFollow.findUnique({ where })) return;
      if ((await tx.hashtagFollow.count({ where: { userId } })) >= MAX_FOLLOWED) {
        throw userError('TOO_MANY', `At most ${MAX_FOLLOWED} hashtags can be followed: unfollow one first.`, 'name');
      }
      await tx.$executeRaw`
        insert into hashtag_follows (user_id, hashtag, id) values (${userId}, ${hashtag}, next_id(${userId}))`;
      // A home feed that is open listens to it from now on.
      await addJob(tx, 'followsChanged', { userId: String(userId) });
    }),
  );
}

/** Follows a hashtag no more. Without a follow it changes nothing. */
export async function unfollowHashtag({ db, redis }: Stores, userId: bigint, hashtag: string): Promise<void> {
  await writeInvalidating(redis, [followedHashtagsKey(userId)], () =>
    db.hashtagFollow.deleteMany({ where: { userId, hashtag } }),
  );
}

/** A page of the hashtags that a person follows, the latest first. */
export async function listFollowedHashtags(
  { db }: Stores,
  userId: bigint,
  { first, after }: PageRequest,
): Promise<Connection<HashtagRow>> {
  const rows = await db.hashtagFollow.findMany({
    where: { userId, ...(after !== null && { id: { lt: after } }) },
    orderBy: { id: 'desc' },
    take: first + 1,
  });
  const found = rows.map(({ hashtag, id }) => ({ __typename: 'Hashtag' as const, name: hashtag, id }));
  return toConnection<HashtagRow & { id: bigint }>(found.slice(0, first), (row) => row.id, found.length > first);
}
