/** Which hashtags people follow. */
import { type CachedKind, readCached, writeThrough } from '../../stores/cache.ts';
import { addJob } from '../../stores/jobs.ts';
import { idColumn } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { mistake } from '../errors.ts';
import { followedHashtagsKey } from '../feed/keys.ts';
import { type Connection, type PageRequest, toConnection } from '../paging.ts';
import type { HashtagRow } from './parse-hashtags.ts';

/** The most hashtags that a person follows: each is one more list to be merged into their feed. */
const MAX_FOLLOWED = 200;

const followed: CachedKind<bigint, string[]> = {
  key: followedHashtagsKey,
  ttlSeconds: 3_600,
  encode: (names) => JSON.stringify(names),
  decode: (text) => JSON.parse(text) as string[],
  async load(db, ids) {
    const rows = await db.$queryRaw<{ userId: bigint; hashtag: string }[]>`
      select user_id as "userId", hashtag from hashtag_follows where user_id = any(${idColumn(ids)})`;
    const names = new Map<bigint, string[]>(ids.map((id) => [id, []]));
    for (const { userId, hashtag } of rows) names.get(userId)?.push(hashtag);
    return names;
  },
};

/** The hashtags that each of these people follows, in the order of the ids, which are without repetitions. */
export async function readFollowedHashtags(stores: Stores, userIds: readonly bigint[]): Promise<Set<string>[]> {
  const lists = await readCached(stores, followed, userIds);
  return lists.map((names) => new Set(names));
}

/** Follows a hashtag. Again changes nothing. @throws Mistakes TOO_MANY */
export async function followHashtag({ db, redis }: Stores, userId: bigint, hashtag: string): Promise<void> {
  await writeThrough(redis, [followedHashtagsKey(userId)], () =>
    db.$transaction(async (tx) => {
      // One after the other, so that they are counted rightly.
      await tx.$queryRaw`select id from users where id = ${userId} for no key update`;
      const where = { userId_hashtag: { userId, hashtag } };
      if (await tx.hashtagFollow.findUnique({ where })) return;
      if ((await tx.hashtagFollow.count({ where: { userId } })) >= MAX_FOLLOWED) {
        throw mistake('TOO_MANY', `At most ${MAX_FOLLOWED} hashtags can be followed: unfollow one first.`, 'name');
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
  await writeThrough(redis, [followedHashtagsKey(userId)], () =>
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
