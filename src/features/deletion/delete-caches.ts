import { activityChannel, timelineChannel } from '../../stores/channel-names.ts';
import { personKey } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';
import { streamKeys } from '../../stores/streams.ts';
import { userCountsKey } from '../people/counts.ts';
import { authorKey, feedKey, followedHashtagsKey, pulledAuthorsKey } from '../records/feed-keys.ts';
import { userKey } from '../records/user-rows.ts';

/** What is known of a person's relation to others, in a hash of theirs with a field for each of these. */
const FACTS = ['follows', 'likes', 'blocks', 'mutes'] as const;
/** Up to this many keys in Redis, all are looked through; among more, what others' hashes hold goes within the hour for which they are kept. */
const LOOKED_THROUGH = 1_000_000;

/** Every key in Redis that belongs to a person; all others go by a photo's id, a session's hash or nothing of theirs. */
function ownKeys(userId: bigint): string[] {
  return [
    userKey(userId),
    userCountsKey(userId),
    feedKey(userId),
    authorKey(userId),
    pulledAuthorsKey(userId),
    followedHashtagsKey(userId),
    ...FACTS.map((name) => personKey(name, userId)),
    ...[timelineChannel(feedKey(userId)), timelineChannel(authorKey(userId)), activityChannel(userId)].flatMap(
      streamKeys,
    ),
  ];
}

/** Removes from Redis whatever names somebody who is deleted. */
export async function forgetInRedis({ redis }: Stores, userId: bigint): Promise<void> {
  await Promise.all(ownKeys(userId).map((key) => redis.del(key)));
  if ((await redis.dbsize()) > LOOKED_THROUGH) return;
  const id = String(userId);
  // Also what counts their wrong passwords, under whatever prefix.
  const isTheirs = new RegExp(`(?<![0-9])${id}(?![0-9])`);
  const isFacts = new RegExp(`^(${FACTS.join('|')}):`);
  for (let cursor = '0'; ; ) {
    const [next, keys] = await redis.scan(cursor, 'COUNT', 1_000);
    await Promise.all([
      ...keys.filter((key) => isTheirs.test(key)).map((key) => redis.del(key)),
      ...keys.filter((key) => isFacts.test(key)).map((key) => redis.hdel(key, id)),
    ]);
    if (next === '0') return;
    cursor = next;
  }
}
