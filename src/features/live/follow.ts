/**
 * What all subscriptions that can be resumed share: they follow streams (stores/streams.ts), hand on each entry once and in order, and give
 * with each the cursor from which a client that lost its connection goes on, at this node or another. Where something may have been missed,
 * because too much was told meanwhile or Redis has lost its memory, they say so, and never leave it out in silence.
 */
import { setInterval } from 'node:timers';
import type { Stores } from '../../stores/stores.ts';
import {
  isAfter,
  openStream,
  parseEntry,
  REOPEN_MS,
  readStream,
  type StreamEntry,
  type StreamPlace,
} from '../../stores/streams.ts';
import { badInput, resume } from '../errors.ts';
import { DONE, generator } from './generator.ts';

/** What a subscription hands on: something that happened, or that something may have been missed. */
export interface LiveEvent<T> {
  /** From here it goes on. */
  cursor: string;
  /** Null when something may have been missed: the client reads the list anew. */
  value: T | null;
}

/** A stream that a subscription follows. */
interface Followed {
  /** Up to where the client has been told. */
  told: StreamPlace;
  /** Up to where entries have been taken in. */
  taken: StreamPlace;
  /** What comes while the stream is being read, to be looked at after; null when it is not. */
  early: PublishedEntry[] | null;
  /** Resolves when it has been read. */
  reading: Promise<void>;
  stop(): void;
}

type PublishedEntry = ReturnType<typeof parseEntry>;
type Waiting = { channel: string; place: StreamPlace; payload: string | null };

/** More than a client can fall behind before it is better off coming again. */
const MAX_WAITING = 1_000;
/** A place takes about 100 characters, and who follows a thousand heavy authors has as many. */
const MAX_CURSOR = 150_000;

/** Follows streams for one subscription. */
export interface Following<T> {
  events: AsyncGenerator<LiveEvent<T>, void, void>;
  /**
   * Follows one more stream, from where the client's cursor has it. When it has it nowhere, the client is told that it may have missed
   * something. The same again is the same as once.
   */
  add(channel: string): Promise<void>;
}

/**
 * Follows streams, and others that are added while they are read.
 *
 * @param channels the subscription's own, and never those that a cursor names: whoever makes a cursor up must not follow others' streams.
 * The first one is in every cursor of the subscription
 * @param after the cursor of the last event that the client has had; null to begin now
 * @param step what an entry becomes; null to leave it out
 * @throws BAD_USER_INPUT for what is no cursor of this subscription
 */
export async function follow<T>(
  stores: Stores,
  channels: readonly [string, ...string[]],
  after: string | null | undefined,
  step: (payload: string, following: Following<T>) => Promise<T | null>,
): Promise<Following<T>> {
  const { redis, pubsub, log } = stores;
  const known = after === null || after === undefined ? null : parseCursor(after);
  if (known && !known.has(channels[0])) throw badInput('"after" is not a cursor of this subscription.');
  const streams = new Map<string, Followed>();
  const waiting: Waiting[] = [];
  let failure: Error | null = null;
  let ended = false;
  let begun = false;
  let wake = () => {};

  const put = (entry: Waiting) => {
    if (waiting.length >= MAX_WAITING) failure = resume('You fell too far behind: subscribe again with "after".');
    else waiting.push(entry);
    wake();
  };
  const take = (name: string, stream: Followed, { id, payload }: StreamEntry) => {
    if (!isAfter(id, stream.taken.id)) return;
    stream.taken = { epoch: stream.taken.epoch, id };
    put({ channel: name, place: stream.taken, payload });
  };
  /** Takes in what a stream holds beyond what was taken in already, and then what came meanwhile. */
  const catchUp = async (name: string, stream: Followed) => {
    stream.early ??= [];
    const opened = await openStream(redis, name);
    const entries = opened.epoch === stream.taken.epoch ? await readStream(redis, name, stream.taken) : null;
    if (entries) for (const entry of entries) take(name, stream, entry);
    else {
      stream.taken = opened;
      put({ channel: name, place: opened, payload: null });
    }
    const { early } = stream;
    stream.early = null;
    for (const entry of early) hear(name, stream, entry);
  };
  const hear = (name: string, stream: Followed, entry: PublishedEntry) => {
    if (stream.early) stream.early.push(entry);
    else if (entry.epoch === stream.taken.epoch) take(name, stream, entry);
    else {
      // Redis has lost its memory, and made another stream.
      stream.early = [entry];
      refresh(name, stream);
    }
  };
  /** Catches up once more, after what is being read already. */
  const refresh = (name: string, stream: Followed) => {
    stream.reading = stream.reading.then(() => catchUp(name, stream)).catch(fail);
  };
  const fail = (err: unknown) => {
    log.warn({ err }, 'a subscription lost its streams');
    failure = resume('The server has lost the place: subscribe again with "after".');
    wake();
  };

  const add = async (name: string) => {
    if (streams.has(name)) return;
    const from = known?.get(name);
    const stream: Followed = { told: NOWHERE, taken: NOWHERE, early: [], reading: Promise.resolve(), stop() {} };
    streams.set(name, stream);
    const opened = await openStream(redis, name);
    stream.stop = await pubsub.subscribe(
      name,
      (message) => hear(name, stream, parseEntry(message)),
      () => refresh(name, stream),
    );
    if (ended) return stream.stop();
    // A stream that the client knows nothing of is one more that it may have missed something of.
    const isNew = !from && (known !== null || begun);
    stream.taken = from ?? (isNew ? NOWHERE : opened);
    stream.told = stream.taken;
    stream.reading = catchUp(name, stream);
    await stream.reading;
  };
  // Streams are kept while somebody listens.
  const keeping = setInterval(() => {
    for (const name of streams.keys()) openStream(redis, name).catch(() => {});
  }, REOPEN_MS);
  keeping.unref();
  const end = async () => {
    ended = true;
    clearInterval(keeping);
    for (const stream of streams.values()) stream.stop();
    wake();
  };

  const next = async (): Promise<IteratorResult<LiveEvent<T>, void>> => {
    while (!ended) {
      if (failure) throw failure;
      const entry = waiting.shift();
      if (!entry) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const stream = streams.get(entry.channel);
      if (stream) stream.told = entry.place;
      const value = entry.payload === null ? null : await step(entry.payload, following);
      if (entry.payload !== null && value === null) continue;
      return { done: false, value: { cursor: toCursor(streams), value } };
    }
    return DONE;
  };
  const following: Following<T> = { events: generator(next, end), add };
  try {
    for (const channel of channels) await add(channel);
    begun = true;
  } catch (error) {
    await end();
    throw error;
  }
  return following;
}

const NOWHERE: StreamPlace = { epoch: '', id: '0-0' };

function toCursor(streams: ReadonlyMap<string, Followed>): string {
  // Of a stream that has not been told of yet nothing is said, so that whoever comes back is told of the gap.
  const begun = [...streams].filter(([, { told }]) => told !== NOWHERE);
  const places = begun.map(([name, { told }]) => [name, told.epoch, told.id]);
  return Buffer.from(JSON.stringify(places)).toString('base64url');
}

function parseCursor(cursor: string): Map<string, StreamPlace> {
  const places = new Map<string, StreamPlace>();
  try {
    if (cursor.length > MAX_CURSOR) throw new Error('too long');
    for (const [name, epoch, id] of JSON.parse(Buffer.from(cursor, 'base64url').toString()) as string[][]) {
      if (!name?.startsWith('live:') || !epoch || !/^\d+-\d+$/.test(id ?? '')) throw new Error('not one of ours');
      places.set(name, { epoch, id: id ?? '' });
    }
  } catch {
    throw badInput('"after" is not a cursor of this subscription: take it from its events.');
  }
  return places;
}
