/**
 * Messages of channels, in the order in which they were published: delivered to subscribers at once, and kept for some
 * minutes for subscribers that come back. A channel's stream is a Redis stream that exists only while the channel has
 * subscribers, or had them lately: a channel without subscribers costs nothing.
 *
 * A subscriber opens the stream, then subscribes to the channel, then reads what the stream holds since. So it misses
 * nothing. Three keys share a channel's hash tag:
 * - `stream:`, the stream;
 * - `epoch:`, a random name of this stream. A position is valid only within its epoch, because Redis may have lost its
 *   memory in between;
 * - DEDUP_PREFIX, the dedup keys of what was published, so that a job that runs again publishes nothing twice.
 */
import { randomBytes } from 'node:crypto';
import type { Redis } from './redis.ts';

/** How long a stream is kept after it was opened, or opened again, last. */
const TTL_MS = 15 * 60_000;
/**
 * The same by whether its subscribers have a session. Without one, anybody can open as many streams as they like, so
 * these are deleted with their last subscriber (`dropStream`). The TTL deletes those of a process that was killed.
 */
export const KEEP_MS = { session: TTL_MS, anonymous: 60_000 };
/** Entries of a stream, about. A subscriber that has missed more gets a gap. */
const STREAM_LENGTH = 1_000;
/** Of the key with a channel's dedup keys. It keeps its old name, because nodes of the previous version use it too. */
const DEDUP_PREFIX = 'told:';

/** A position in a stream: a subscriber at this position has received this entry and all before it. */
export interface StreamPosition {
  epoch: string;
  /** The entry's id, as Redis makes them. */
  id: string;
}

/** The position of a subscriber that knows nothing of a stream. */
export const UNKNOWN_POSITION: StreamPosition = { epoch: '', id: '0-0' };

/** A message in a stream. */
export interface StreamEntry {
  id: string;
  payload: string;
}

/** A message as subscribers receive it: with the epoch of its stream. */
export interface PublishedEntry extends StreamEntry {
  epoch: string;
}

/**
 * A Lua function that publishes to a channel, for scripts that do more: `publish(channel, dedupKey, payload)`. What was
 * published with the same key before is not published again. An empty key publishes always.
 */
export const PUBLISH_LUA = `
local function publish(channel, dedupKey, payload)
  local stream, published = 'stream:' .. channel, '${DEDUP_PREFIX}' .. channel
  local epoch = redis.call('EXISTS', stream) == 1 and redis.call('GET', 'epoch:' .. channel)
  if not epoch then
    -- When Redis has lost its memory there may be subscribers all the same. The new epoch leads to a gap.
    if redis.call('PUBSUB', 'SHARDNUMSUB', channel)[2] == 0 then return end
    redis.call('DEL', stream, published)
    local time = redis.call('TIME')
    epoch = 'anew' .. time[1] .. '.' .. time[2]
    -- The subscribers, when they read the new stream, keep it for as long as they want.
    redis.call('SET', 'epoch:' .. channel, epoch, 'PX', ${KEEP_MS.anonymous})
    redis.call('XADD', stream, '*', 'opened', '')
    redis.call('PEXPIRE', stream, ${KEEP_MS.anonymous})
  end
  if dedupKey ~= '' then
    if redis.call('ZADD', published, 'NX', redis.call('TIME')[1], dedupKey) == 0 then return end
    redis.call('ZREMRANGEBYRANK', published, 0, -${2 * STREAM_LENGTH + 1})
    redis.call('PEXPIRE', published, redis.call('PTTL', stream))
  end
  local id = redis.call('XADD', stream, 'MAXLEN', '~', ${STREAM_LENGTH}, '*', 'p', payload)
  redis.call('SPUBLISH', channel, epoch .. ' ' .. id .. ' ' .. payload)
end
`;

const PUBLISH_ALL = `${PUBLISH_LUA}
for i = 1, #KEYS do publish(KEYS[i], ARGV[1], ARGV[2]) end
`;

const OPEN = `
local stream, epoch, published = 'stream:' .. KEYS[1], 'epoch:' .. KEYS[1], '${DEDUP_PREFIX}' .. KEYS[1]
local current = redis.call('GET', epoch)
local last = current and redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
if not last then
  redis.call('DEL', stream, published)
  current = ARGV[1]
  redis.call('SET', epoch, current, 'PX', ARGV[2])
  last = { redis.call('XADD', stream, '*', 'opened', '') }
  redis.call('PEXPIRE', stream, ARGV[2])
end
-- Never shorter: another subscriber may count on it.
for _, key in ipairs({ stream, epoch, published }) do redis.call('PEXPIRE', key, ARGV[2], 'GT') end
return { current, last[1] }
`;

const DROP = `
local stream = 'stream:' .. KEYS[1]
if redis.call('PUBSUB', 'SHARDNUMSUB', KEYS[1])[2] > 0 then return end
if redis.call('PTTL', stream) > tonumber(ARGV[1]) then return end
redis.call('DEL', stream, 'epoch:' .. KEYS[1], '${DEDUP_PREFIX}' .. KEYS[1])
`;

/** The entries after a position; nil when the epoch is another one, or the entry at that position is no longer kept. */
const READ = `
local stream = 'stream:' .. KEYS[1]
if redis.call('GET', 'epoch:' .. KEYS[1]) ~= ARGV[1] then return false end
local from = redis.call('XRANGE', stream, ARGV[2], '+', 'COUNT', ARGV[3])
if not from[1] or from[1][1] ~= ARGV[2] then return false end
table.remove(from, 1)
return from
`;

interface Scripts {
  publishToStreams(keyCount: number, ...rest: string[]): Promise<null>;
  openStream(channel: string, epoch: string, ms: number): Promise<[epoch: string, id: string]>;
  dropStream(channel: string, ms: number): Promise<null>;
  readStream(
    channel: string,
    epoch: string,
    id: string,
    count: number,
  ): Promise<[id: string, fields: string[]][] | null>;
}

/** Every Redis key of a channel. */
export function streamKeys(channel: string): string[] {
  return ['stream:', 'epoch:', DEDUP_PREFIX].map((prefix) => prefix + channel);
}

/** Defines the scripts of this file on a connection. */
export function defineStreamScripts(redis: Redis): void {
  redis.defineCommand('publishToStreams', { lua: PUBLISH_ALL });
  redis.defineCommand('openStream', { numberOfKeys: 1, lua: OPEN });
  redis.defineCommand('dropStream', { numberOfKeys: 1, lua: DROP });
  redis.defineCommand('readStream', { numberOfKeys: 1, lua: READ, readOnly: true });
}

function scripts(redis: Redis): Scripts {
  return redis as unknown as Scripts;
}

/**
 * Publishes a message to channels: to their subscribers, and to those who come back within some minutes.
 *
 * @param channels on Redis Cluster they must share a hash tag
 * @param dedupKey names the message, so that publishing it again does nothing; empty to publish it always
 */
export async function publishToStreams(
  redis: Redis,
  channels: readonly string[],
  dedupKey: string,
  payload: string,
): Promise<void> {
  if (channels.length === 0) return;
  await scripts(redis).publishToStreams(channels.length, ...channels, dedupKey, payload);
}

/**
 * Creates a channel's stream unless it exists, and restarts its TTL.
 *
 * @param keepMs for how long the stream is kept at least from now on, in milliseconds
 * @returns its last position
 */
export async function openStream(redis: Redis, channel: string, keepMs = KEEP_MS.session): Promise<StreamPosition> {
  const [epoch, id] = await scripts(redis).openStream(channel, randomBytes(6).toString('base64url'), keepMs);
  return { epoch, id };
}

/**
 * Deletes a channel's stream, unless the channel has subscribers in any process, or had some with a session lately, who
 * may resume. A client that resumes without a session and finds no stream gets a gap.
 */
export async function dropStream(redis: Redis, channel: string): Promise<void> {
  await scripts(redis).dropStream(channel, KEEP_MS.anonymous);
}

/** The messages of a channel after a position, oldest first; null when they are no longer known. */
export async function readStream(redis: Redis, channel: string, after: StreamPosition): Promise<StreamEntry[] | null> {
  const entries = await scripts(redis).readStream(channel, after.epoch, after.id, 2 * STREAM_LENGTH);
  return entries?.map(([id, fields]) => ({ id, payload: fields[1] ?? '' })) ?? null;
}

/** The largest number in the id of an entry: Redis keeps both as 64 bits. */
const MAX_ENTRY_NUMBER = 2n ** 64n - 1n;

/** Whether a text is an id that an entry of a stream can have. */
export function isEntryId(text: string): boolean {
  const numbers = /^(\d{1,20})-(\d{1,20})$/.exec(text)?.slice(1) ?? [];
  return numbers.length === 2 && numbers.every((number) => BigInt(number) <= MAX_ENTRY_NUMBER);
}

/** Whether an entry id comes after another one of the same stream. */
export function isAfter(id: string, other: string): boolean {
  const [ms = 0, sequence = 0] = id.split('-').map(Number);
  const [otherMs = 0, otherSequence = 0] = other.split('-').map(Number);
  return ms === otherMs ? sequence > otherSequence : ms > otherMs;
}

/** Parses a message as `publish` in PUBLISH_LUA writes it. */
export function parseEntry(message: string): PublishedEntry {
  const [, epoch = '', id = '', payload = ''] = /^(\S+) (\S+) (.*)$/s.exec(message) ?? [];
  return { epoch, id, payload };
}
