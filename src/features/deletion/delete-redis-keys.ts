import { activityChannel, timelineChannel } from '../../stores/channel-names.ts';
import { personKey } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';
import { streamKeys } from '../../stores/streams.ts';
import { userCountsKey } from '../people/counts.ts';
import { authorKey, feedKey, followedHashtagsKey, pulledAuthorsKey } from '../records/feed-keys.ts';
import { userKey } from '../records/user-rows.ts';

/**
 * The relations of a person to others or to photos. Each is cached in one hash per person, with one field per other id.
 */
const RELATIONS = ['follows', 'likes', 'blocks', 'mutes'] as const;
/**
 * Up to this many keys, all of Redis is scanned. With more, fields in other people's hashes remain until those hashes
 * expire, within an hour.
 */
const SCAN_MAX_KEYS = 1_000_000;

/**
 * All keys with a person's id in their names. Other keys contain the id of a photo, the hash of a session, or neither.
 */
function keysOfUser(userId: bigint): string[] {
  return [
    userKey(userId),
    userCountsKey(userId),
    feedKey(userId),
    authorKey(userId),
    pulledAuthorsKey(userId),
    followedHashtagsKey(userId),
    ...RELATIONS.map((name) => personKey(name, userId)),
    ...channelsOfUser(userId).flatMap(streamKeys),
  ];
}

/** The channels of a person that clients can subscribe to. Each has a stream. */
function channelsOfUser(userId: bigint): string[] {
  return [timelineChannel(feedKey(userId)), timelineChannel(authorKey(userId)), activityChannel(userId)];
}

/** Deletes all keys and hash fields in Redis that name a person. Idempotent. */
export async function deleteRedisKeys({ redis }: Stores, userId: bigint): Promise<void> {
  await Promise.all(keysOfUser(userId).map((key) => redis.del(key)));
  if ((await redis.dbsize()) > SCAN_MAX_KEYS) return;
  const id = String(userId);
  // This also matches the rate limits of their logins, under any prefix.
  const hasId = new RegExp(`(?<![0-9])${id}(?![0-9])`);
  const isRelation = new RegExp(`^(${RELATIONS.join('|')}):`);
  for (let cursor = '0'; ; ) {
    const [next, keys] = await redis.scan(cursor, 'COUNT', 1_000);
    await Promise.all([
      ...keys.filter((key) => hasId.test(key)).map((key) => redis.del(key)),
      ...keys.filter((key) => isRelation.test(key)).map((key) => redis.hdel(key, id)),
    ]);
    if (next === '0') return;
    cursor = next;
  }
}
