/**
 * What is told on a channel, in the order in which it was told: at once to whoever listens, and, kept for some minutes, to whoever comes
 * back. A channel's stream is a Redis stream that exists only while somebody listens, or did lately: a channel to which nobody listens costs
 * nothing.
 *
 * Whoever listens opens the stream first, then subscribes to the channel, then reads what the stream holds since: so nothing falls between.
 * Three keys share a channel's hash tag: the stream; its epoch, drawn when it is made, without which a place in it means nothing (Redis may
 * have lost its memory in between); and what it has told, so that a job that is repeated tells nothing twice.
 */
import { randomBytes } from 'node:crypto';
import type { Redis } from './redis.ts';

/** How long a stream is kept after it was opened, or kept open, last. */
const KEPT_MS = 15 * 60_000;
/** Entries of a stream, about: whoever has missed more starts again. */
const LENGTH = 1_000;

/** A place in a stream: what came up to this entry has been told. */
export interface StreamPosition {
  epoch: string;
  /** The entry's id, as Redis makes them. */
  id: string;
}

/** Something that was told. */
export interface StreamEntry {
  id: string;
  payload: string;
}

/** The Lua that tells something on a channel, for scripts that do more: `tell(channel, once, payload)`. `once` names what is told; empty: always tell. */
export const PUBLISH_LUA = `
local function tell(channel, once, payload)
  local stream, told = 'stream:' .. channel, 'told:' .. channel
  local epoch = redis.call('EXISTS', stream) == 1 and redis.call('GET', 'epoch:' .. channel)
  if not epoch then
    -- Somebody may listen all the same, when Redis has lost its memory: another epoch tells them so.
    if redis.call('PUBSUB', 'SHARDNUMSUB', channel)[2] == 0 then return end
    redis.call('DEL', stream, told)
    local time = redis.call('TIME')
    epoch = 'anew' .. time[1] .. '.' .. time[2]
    redis.call('SET', 'epoch:' .. channel, epoch, 'PX', ${KEPT_MS})
    redis.call('XADD', stream, '*', 'opened', '')
    redis.call('PEXPIRE', stream, ${KEPT_MS})
  end
  if once ~= '' then
    if redis.call('ZADD', told, 'NX', redis.call('TIME')[1], once) == 0 then return end
    redis.call('ZREMRANGEBYRANK', told, 0, -${2 * LENGTH + 1})
    redis.call('PEXPIRE', told, ${KEPT_MS})
  end
  local id = redis.call('XADD', stream, 'MAXLEN', '~', ${LENGTH}, '*', 'p', payload)
  redis.call('SPUBLISH', channel, epoch .. ' ' .. id .. ' ' .. payload)
end
`;

const PUBLISH_ALL = `${PUBLISH_LUA}
for i = 1, #KEYS do tell(KEYS[i], ARGV[1], ARGV[2]) end
`;

const OPEN = `
local stream, epoch, told = 'stream:' .. KEYS[1], 'epoch:' .. KEYS[1], 'told:' .. KEYS[1]
local current = redis.call('GET', epoch)
local last = current and redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
if not last then
  redis.call('DEL', stream, told)
  current = ARGV[1]
  redis.call('SET', epoch, current)
  last = { redis.call('XADD', stream, '*', 'opened', '') }
end
for _, key in ipairs({ stream, epoch, told }) do redis.call('PEXPIRE', key, ARGV[2]) end
return { current, last[1] }
`;

/** Entries after a place; nil when the stream is another one, or holds no longer all that came after. */
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
  readStream(
    channel: string,
    epoch: string,
    id: string,
    count: number,
  ): Promise<[id: string, fields: string[]][] | null>;
}

/** Every Redis key of a channel. */
export function streamKeys(channel: string): string[] {
  return ['stream', 'epoch', 'told'].map((name) => `${name}:${channel}`);
}

/** Makes the scripts of this file known to a connection. */
export function defineStreamScripts(redis: Redis): void {
  redis.defineCommand('publishToStreams', { lua: PUBLISH_ALL });
  redis.defineCommand('openStream', { numberOfKeys: 1, lua: OPEN });
  redis.defineCommand('readStream', { numberOfKeys: 1, lua: READ, readOnly: true });
}

function scripts(redis: Redis): Scripts {
  return redis as unknown as Scripts;
}

/**
 * Tells something on channels, to those who listen and those who did lately.
 *
 * @param channels those that share a hash tag at a time, on Redis Cluster
 * @param once names what is told, so that telling it again tells nothing; empty to tell it always
 */
export async function publishToStreams(
  redis: Redis,
  channels: readonly string[],
  once: string,
  payload: string,
): Promise<void> {
  if (channels.length === 0) return;
  await scripts(redis).publishToStreams(channels.length, ...channels, once, payload);
}

/** Makes a channel's stream unless there is one, and keeps it for another while. @returns its last place */
export async function openStream(redis: Redis, channel: string): Promise<StreamPosition> {
  const [epoch, id] = await scripts(redis).openStream(channel, randomBytes(6).toString('base64url'), KEPT_MS);
  return { epoch, id };
}

/** How often a stream that is listened to must be opened anew, in milliseconds. */
export const REOPEN_MS = KEPT_MS / 3;

/** What was told on a channel after a place, oldest first; null when that is not known any more. */
export async function readStream(redis: Redis, channel: string, place: StreamPosition): Promise<StreamEntry[] | null> {
  const entries = await scripts(redis).readStream(channel, place.epoch, place.id, 2 * LENGTH);
  return entries?.map(([id, fields]) => ({ id, payload: fields[1] ?? '' })) ?? null;
}

/** Whether one entry came after another in the same stream. */
export function isAfter(id: string, other: string): boolean {
  const [ms = 0, sequence = 0] = id.split('-').map(Number);
  const [otherMs = 0, otherSequence = 0] = other.split('-').map(Number);
  return ms === otherMs ? sequence > otherSequence : ms > otherMs;
}

/** An entry as it is published, with the epoch of its stream. */
export function parseEntry(message: string): StreamEntry & { epoch: string } {
  const [, epoch = '', id = '', payload = ''] = /^(\S+) (\S+) (.*)$/s.exec(message) ?? [];
  return { epoch, id, payload };
}
