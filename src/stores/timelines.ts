/**
 * Timelines: lists of photos in Redis, newest first. There is one for each person who reads a home feed, one for each
 * pulled author (who has too many followers to push to) and one for each hashtag that somebody follows. A timeline is a
 * sorted set of at most 500 members, all with score 0 and so sorted by their bytes: 8 of the photo's `publishedId` and
 * 8 of its id. As a listpack that is 10 KB.
 *
 * Three rules keep it free of gaps beside writers that run at any time:
 * - A timeline that holds everything down to the oldest photo ends with the member END. Trimming to 500 removes the
 *   lowest member first, so a timeline that was cut has lost its END: what lies below its lowest member is in
 *   PostgreSQL.
 * - Photos are pushed only into timelines that exist. A builder first adds a marker, so that the timeline exists while
 *   the rows are read: a photo that is published meanwhile is in the rows, or pushed, or both. A timeline with a marker
 *   is not read. Markers expire, so a builder that dies blocks nobody for long.
 * - A write that changes what belongs to a timeline replaces it with a marker before it commits, and drops it after.
 */
import { randomBytes } from 'node:crypto';
import type { Redis } from './redis.ts';
import { PUBLISH_LUA } from './streams.ts';

/** The most members of a timeline. */
export const TIMELINE_LENGTH = 500;
const TTL_SECONDS = 30 * 24 * 3_600;
const MARKER_MS = 5_000;
const END = Buffer.alloc(16);

/** A photo in a timeline, or in another list that is sorted by `publishedId`. */
export interface FeedEntry {
  publishedId: bigint;
  photoId: bigint;
}

/** A page of a timeline. */
export interface TimelinePage {
  /** Newest first. */
  entries: FeedEntry[];
  /** Everything from this publishedId up is in the timeline; 0 when the timeline is complete. */
  floor: bigint;
}

function toMember({ publishedId, photoId }: FeedEntry): Buffer {
  const member = Buffer.allocUnsafe(16);
  member.writeBigUInt64BE(publishedId, 0);
  member.writeBigUInt64BE(photoId, 8);
  return member;
}

function toEntry(member: Buffer): FeedEntry {
  return { publishedId: member.readBigUInt64BE(0), photoId: member.readBigUInt64BE(8) };
}

/** A marker sorts below every photo, as END does, and is not END. */
function newMarker(): Buffer {
  return Buffer.concat([Buffer.alloc(8), randomBytes(7), Buffer.from([1])]);
}

// One script, because between two commands the timeline could be dropped and rebuilt.
const READ = `
local lowest = redis.call('ZRANGE', KEYS[1], 0, 0)
if #lowest == 0 then return lowest end
local members = redis.call('ZREVRANGEBYLEX', KEYS[1], ARGV[1], '-', 'LIMIT', 0, ARGV[2])
members[#members + 1] = lowest[1]
return members
`;

const PUSH_AND_PUBLISH = `${PUBLISH_LUA}
local length = tonumber(ARGV[3])
for i = 1, #KEYS do
  local key = KEYS[i]
  local isAdded = redis.call('EXISTS', key) == 1 and redis.call('ZADD', key, 0, ARGV[1]) == 1
  if isAdded and redis.call('ZCARD', key) > length then
    redis.call('ZREMRANGEBYRANK', key, 0, -length - 1)
  end
  publish('live:' .. key, ARGV[4], ARGV[2])
end
`;

const BEGIN = `
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('ZADD', KEYS[1], 0, ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`;

const FINISH = `
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
redis.call('ZREM', KEYS[1], ARGV[1])
for i = 4, #ARGV do redis.call('ZADD', KEYS[1], 0, ARGV[i]) end
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -tonumber(ARGV[3]) - 1)
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
`;

interface Scripts {
  readTimelineBuffer(key: string, from: Buffer | string, count: number): Promise<Buffer[]>;
  pushAndPublish(keyCount: number, ...rest: (string | Buffer | number)[]): Promise<null>;
  beginTimeline(key: string, marker: Buffer, ms: number): Promise<0 | 1>;
  finishTimeline(key: string, marker: Buffer, ttl: number, length: number, ...members: Buffer[]): Promise<0 | 1>;
}

/** Defines the scripts of this file on a connection. */
export function defineTimelineScripts(redis: Redis): void {
  redis.defineCommand('readTimeline', { numberOfKeys: 1, lua: READ, readOnly: true });
  redis.defineCommand('pushAndPublish', { lua: PUSH_AND_PUBLISH });
  redis.defineCommand('beginTimeline', { numberOfKeys: 1, lua: BEGIN });
  redis.defineCommand('finishTimeline', { numberOfKeys: 1, lua: FINISH });
}

function scripts(redis: Redis): Scripts {
  return redis as unknown as Scripts;
}

/**
 * Reads a page of a timeline.
 *
 * @param after only photos below this publishedId; from the top when null
 * @param count the most photos
 * @returns 'missing' when there is no such timeline, 'building' when it is being built
 */
export async function readTimeline(
  redis: Redis,
  key: string,
  after: bigint | null,
  count: number,
): Promise<TimelinePage | 'missing' | 'building'> {
  // A prefix sorts below everything that begins with it, so this excludes `after` itself too.
  const from =
    after === null
      ? '+'
      : Buffer.concat([Buffer.from('('), toMember({ publishedId: after, photoId: 0n }).subarray(0, 8)]);
  const members = await scripts(redis).readTimelineBuffer(key, from, count);
  const lowest = members.pop();
  if (!lowest) return 'missing';
  const floor = lowest.readBigUInt64BE(0);
  if (floor === 0n && !lowest.equals(END)) return 'building';
  const entries = members.map(toEntry);
  if (entries.at(-1)?.publishedId === 0n) entries.pop();
  return { entries, floor };
}

/**
 * Adds a photo to those of the timelines that exist, and publishes it to the channel `live:` + key of each. Idempotent.
 *
 * @param keys the timelines; hundreds at a time are one round trip
 * @param message what subscribers receive
 */
export async function pushAndPublish(
  redis: Redis,
  keys: readonly string[],
  entry: FeedEntry,
  message: string,
): Promise<void> {
  if (keys.length === 0) return;
  const dedupKey = String(entry.publishedId);
  await scripts(redis).pushAndPublish(keys.length, ...keys, toMember(entry), message, TIMELINE_LENGTH, dedupKey);
}

/**
 * Removes photos that readers would skip anyway, so that they take up no room. Not for timelines into which older
 * photos may be pushed: one that was cut and is shorter now would accept an entry that is not adjacent to its lowest
 * one.
 *
 * @param keys the timelines, which need not exist; a hundred at a time are one round trip
 */
export async function removeFromTimelines(
  redis: Redis,
  keys: readonly string[],
  entries: readonly FeedEntry[],
): Promise<void> {
  if (entries.length === 0) return;
  const members = entries.map(toMember);
  await Promise.all(keys.map((key) => redis.zrem(key, ...members)));
}

/**
 * Builds a timeline that is missing. Stores nothing when another builder is at work, or when the timeline is dropped
 * meanwhile.
 *
 * @param load reads the newest photos, at most `count`, from PostgreSQL
 */
export async function buildTimeline(
  redis: Redis,
  key: string,
  load: (count: number) => Promise<FeedEntry[]>,
): Promise<void> {
  const marker = newMarker();
  if ((await scripts(redis).beginTimeline(key, marker, MARKER_MS)) === 0) return;
  const entries = await load(TIMELINE_LENGTH);
  const members = entries.map(toMember);
  if (entries.length < TIMELINE_LENGTH) members.push(END);
  await scripts(redis).finishTimeline(key, marker, TTL_SECONDS, TIMELINE_LENGTH, ...members);
}

/**
 * Runs a write that changes what belongs to timelines. The next read of each of them rebuilds it.
 *
 * @param write commits before it resolves
 * @returns what `write` returns
 */
export async function writeDroppingTimelines<R>(
  redis: Redis,
  keys: readonly string[],
  write: () => Promise<R>,
): Promise<R> {
  await Promise.all(keys.map((key) => redis.multi().del(key).zadd(key, 0, newMarker()).pexpire(key, MARKER_MS).exec()));
  try {
    return await write();
  } finally {
    await Promise.all(keys.map((key) => redis.del(key)));
  }
}
