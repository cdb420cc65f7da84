/**
 * Lists of photos in Redis, newest first: a home feed for each person who reads one, the own photos of each author
 * who has too many followers to push to, and the photos with each hashtag that somebody follows. A list is a sorted set of at most 500 members, all with score 0 and so sorted by
 * their bytes: 8 of the photo's `publishedId` and 8 of its id. As a listpack that is 10 KB.
 *
 * Three rules keep it free of gaps beside writers that run at any time:
 * - A list that holds everything down to the oldest photo ends with the member END. Trimming to 500 removes the lowest first, so
 *   a list that was cut has lost its END: what lies below its lowest member is in PostgreSQL.
 * - Photos are pushed only into lists that exist. Whoever builds a list first puts down a marker, so that the list exists
 *   while the rows are read: a photo that is published meanwhile is in the rows, or pushed, or both. A list
 *   with a marker is not read; markers expire, so a builder that dies blocks nobody for long.
 * - A write that changes what belongs to a list replaces it with a marker before it commits and drops it after.
 */
import { randomBytes } from 'node:crypto';
import type { Redis } from './redis.ts';
import { PUBLISH_LUA } from './streams.ts';

/** The most members of a list. */
export const TIMELINE_LENGTH = 500;
const KEPT_SECONDS = 30 * 24 * 3_600;
const MARKER_MS = 5_000;
const END = Buffer.alloc(16);

/** A photo in its place. */
export interface FeedEntry {
  publishedId: bigint;
  photoId: bigint;
}

/** What a list told of the photos below a place. */
export interface TimelinePage {
  /** Newest first. */
  entries: FeedEntry[];
  /** Everything from this publishedId up is in the list; 0 when the list is complete. */
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

// One script, because between two commands the list could be dropped and built anew.
const READ = `
local lowest = redis.call('ZRANGE', KEYS[1], 0, 0)
if #lowest == 0 then return lowest end
local places = redis.call('ZREVRANGEBYLEX', KEYS[1], ARGV[1], '-', 'LIMIT', 0, ARGV[2])
places[#places + 1] = lowest[1]
return places
`;

const PUSH = `${PUBLISH_LUA}
local length = tonumber(ARGV[3])
for i = 1, #KEYS do
  local key = KEYS[i]
  if redis.call('EXISTS', key) == 1 and redis.call('ZADD', key, 0, ARGV[1]) == 1 and redis.call('ZCARD', key) > length then
    redis.call('ZREMRANGEBYRANK', key, 0, -length - 1)
  end
  tell('live:' .. key, ARGV[4], ARGV[2])
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

/** Makes the scripts of this file known to a connection. */
export function defineTimelineScripts(redis: Redis): void {
  redis.defineCommand('readTimeline', { numberOfKeys: 1, lua: READ, readOnly: true });
  redis.defineCommand('pushAndPublish', { lua: PUSH });
  redis.defineCommand('beginTimeline', { numberOfKeys: 1, lua: BEGIN });
  redis.defineCommand('finishTimeline', { numberOfKeys: 1, lua: FINISH });
}

function scripts(redis: Redis): Scripts {
  return redis as unknown as Scripts;
}

/**
 * Reads a page of a list.
 *
 * @param after only photos below this publishedId; from the top when null
 * @param count the most photos
 * @returns null when there is no list, or one that is being built
 */
export async function readTimeline(
  redis: Redis,
  key: string,
  after: bigint | null,
  count: number,
): Promise<TimelinePage | 'missing' | 'building'> {
  // A prefix sorts below all that begins with it: this excludes the place `after` itself too.
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
 * Puts a photo into those of the lists that exist, and tells those who listen to `live:` + key, each once however often it is done.
 *
 * @param keys the lists; hundreds at a time are one round trip
 * @param message what the listeners are told
 */
export async function pushAndPublish(
  redis: Redis,
  keys: readonly string[],
  place: FeedEntry,
  message: string,
): Promise<void> {
  if (keys.length === 0) return;
  const once = String(place.publishedId);
  await scripts(redis).pushAndPublish(keys.length, ...keys, toMember(place), message, TIMELINE_LENGTH, once);
}

/**
 * Takes photos out of those of the lists that exist. What a reader would skip anyway takes no place in them any more. Not for lists into which
 * older photos may be pushed: one that was cut and is shorter now would take in what is not next to its lowest.
 *
 * @param keys the lists; a hundred at a time are one round trip
 */
export async function removeFromTimelines(
  redis: Redis,
  keys: readonly string[],
  places: readonly FeedEntry[],
): Promise<void> {
  if (places.length === 0) return;
  const members = places.map(toMember);
  await Promise.all(keys.map((key) => redis.zrem(key, ...members)));
}

/**
 * Builds a list that is missing. When somebody else builds it, or it is dropped meanwhile, nothing is stored.
 *
 * @param load the newest photos, at most `count`, from PostgreSQL
 */
export async function buildTimeline(
  redis: Redis,
  key: string,
  load: (count: number) => Promise<FeedEntry[]>,
): Promise<void> {
  const marker = newMarker();
  if ((await scripts(redis).beginTimeline(key, marker, MARKER_MS)) === 0) return;
  const places = await load(TIMELINE_LENGTH);
  const members = places.map(toMember);
  if (places.length < TIMELINE_LENGTH) members.push(END);
  await scripts(redis).finishTimeline(key, marker, KEPT_SECONDS, TIMELINE_LENGTH, ...members);
}

/**
 * Runs a write that changes what belongs to lists; the next read of each after it builds it anew.
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
