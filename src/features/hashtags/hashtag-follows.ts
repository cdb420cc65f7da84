/** Following hashtags. */
import { writeInvalidating } from '../../stores/cached-rows.ts';
import { addJob } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { userError } from '../kernel/errors.ts';
import type { Connection, PageRequest } from '../kernel/paging.ts';
import { readList, ruledByPage } from '../kernel/read-list.ts';
import { followedHashtagsKey } from '../records/feed-keys.ts';
import { type HashtagRow, toHashtagRow } from './parse-hashtags.ts';

/** The most hashtags that a person can follow. Each is one more list to merge into their home feed. */
const MAX_FOLLOWED = 200;

/** Follows a hashtag. Idempotent. @throws UserErrors TOO_MANY */
export async function followHashtag({ db, redis }: Stores, userId: bigint, hashtag: string): Promise<void> {
  await writeInvalidating(redis, [followedHashtagsKey(userId)], () =>
    db.$transaction(async (tx) => {
      // The row lock serializes a person's concurrent follows, so that they cannot exceed the limit together.
      await tx.$queryRaw`select id from users where id = ${userId} for no key update`;
      const where = { userId_hashtag: { userId, hashtag } };
      if (await tx.hashtagFollow.findUnique({ where })) return;
      if ((await tx.hashtagFollow.count({ where: { userId } })) >= MAX_FOLLOWED) {
        throw userError('TOO_MANY', `At most ${MAX_FOLLOWED} hashtags can be followed: unfollow one first.`, 'name');
      }
      await tx.$executeRaw`
        insert into hashtag_follows (user_id, hashtag, id) values (${userId}, ${hashtag}, next_id(${userId}))`;
      // Open home-feed subscriptions subscribe to the hashtag's channel from now on.
      await addJob(tx, 'followsChanged', { userId: String(userId) });
    }),
  );
}

/** Unfollows a hashtag. Idempotent. */
export async function unfollowHashtag({ db, redis }: Stores, userId: bigint, hashtag: string): Promise<void> {
  await writeInvalidating(redis, [followedHashtagsKey(userId)], () =>
    db.hashtagFollow.deleteMany({ where: { userId, hashtag } }),
  );
}

/** A page of the hashtags that a person follows, the latest first. */
export function listFollowedHashtags(
  { db }: Stores,
  userId: bigint,
  request: PageRequest,
): Promise<Connection<HashtagRow>> {
  return readList(request, {
    page: (after, count) =>
      db.hashtagFollow.findMany({
        where: { userId, ...(after !== null && { id: { lt: after } }) },
        orderBy: { id: 'desc' },
        take: count,
      }),
    sortId: (follow) => follow.id,
    load: async (follows) => follows,
    rules: ruledByPage,
    answer: (follow) => toHashtagRow(follow.hashtag),
  });
}
