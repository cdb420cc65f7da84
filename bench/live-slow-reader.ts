import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { authorKey } from '../src/features/records/feed-keys.ts';
import { timelineChannel } from '../src/stores/channel-names.ts';
import { toGlobalId } from '../src/stores/ids.ts';
import type { Stores } from '../src/stores/stores.ts';
import { publishToStreams } from '../src/stores/streams.ts';
import { addSessions } from './live-people.ts';
import type { Verdict } from './measure.ts';
import { type MeasuredServer, settledMemory } from './processes.ts';

/** Fewer than a stream keeps, so that no event needs to be missed. */
const EVENTS = 900;
const CAPTION_LENGTH = 10_000;
/** Each event contains the caption so many times. */
const CAPTION_COPIES = 45;
/**
 * The limit is relative to a client that reads. That client's growth is all that the server allocates, except for
 * noise.
 */
const MAX_RATIO = 1.5;
const DEADLINE_MS = 60_000;

const QUERY = `subscription ($id: ID!, $after: String) {
  userPhotos(userId: $id, after: $after) {
    cursor isGap photo { id ${Array.from({ length: CAPTION_COPIES }, (_, index) => `c${index}: caption`).join(' ')} }
  }
}`;

/** The part of a protocol message that is used here. */
interface Message {
  type: string;
  id?: string;
  payload?: {
    data?: { userPhotos: { cursor: string; isGap: boolean; photo: { id: string } | null } };
    errors?: { extensions?: { code?: string } }[];
  };
}

/** A client that resumes when the server asks for it. */
interface Reader {
  /** Ids of the received photos, in order. */
  received: string[];
  gaps: number;
  /** How often the client has resubscribed. */
  resumeCount: number;
  pause(): void;
  resume(): void;
  close(): void;
}

/**
 * A client stops reading while hundreds of megabytes are published to it, and then continues.
 *
 * @param node an api process that has done little, so that no free memory hides its growth
 */
export async function measureSlowReader(stores: Stores, node: MeasuredServer): Promise<Verdict[]> {
  const { authorId, photos } = await newPhotos(stores, EVENTS);
  const [token = ''] = await addSessions(stores, 'slow', 1);
  const channel = timelineChannel(authorKey(authorId));
  const publish = (photoId: bigint) =>
    publishToStreams(stores.redis, [channel], '', JSON.stringify({ photoId: String(photoId) }));
  const reader = readPhotos(node.url, token, toGlobalId('User', authorId));
  await until(async () => {
    const [, subscribers] = (await stores.redis.call('PUBSUB', 'SHARDNUMSUB', channel)) as [string, number];
    return subscribers === 1;
  });
  /** Publishes all photos and waits for `done`. @returns the maximum growth of memory in the meantime, in MB */
  const measureGrowth = async (done: () => Promise<unknown>): Promise<number> => {
    const before = await settledMemory(node);
    let peak = before.rss;
    const sample = async () => {
      peak = Math.max(peak, (await node.memory(false)).rss);
    };
    for (const [index, photoId] of photos.entries()) {
      await publish(photoId);
      if (index % 20 === 0) await sample();
    }
    await done();
    for (let reading = 0; reading < 10; reading++) {
      await delay(100);
      await sample();
    }
    return (peak - before.rss) / 1e6;
  };
  const receivedAll = () => until(async () => reader.received.length >= EVENTS || reader.gaps > 0);
  const reset = () => {
    reader.received.length = 0;
    reader.gaps = 0;
  };
  reset();
  // The first events have one-time costs, so they are not measured.
  await measureGrowth(receivedAll);
  reset();
  const whileReading = await measureGrowth(receivedAll);
  reset();
  reader.pause();
  const whilePaused = await measureGrowth(async () => {});
  reader.resume();
  await receivedAll();
  reader.close();

  const expected = photos.map((photoId) => toGlobalId('Photo', photoId));
  const hasAll = reader.received.join() === expected.join();
  const paused = `${whilePaused.toFixed(1)} MB`;
  const reading = `${whileReading.toFixed(1)} MB`;
  const received = `${reader.received.length} of ${EVENTS} events`;
  const publishedMb = Math.round((EVENTS * CAPTION_COPIES * CAPTION_LENGTH) / 1e6);
  return [
    {
      claim: `a reader that stops reading costs the server no more memory than ${MAX_RATIO} × one that reads`,
      figure: `${paused} at most beside ${reading}, of ${publishedMb} MB that were published`,
      met: whilePaused <= MAX_RATIO * whileReading,
    },
    {
      claim: 'it is asked to resume, and then has everything',
      figure: `resumed ${reader.resumeCount} ×, with ${received} and ${reader.gaps} gaps`,
      met: reader.resumeCount > 0 && hasAll && reader.gaps === 0,
    },
  ];
}

function readPhotos(url: string, token: string, userId: string): Reader {
  let socket: WebSocket;
  let after: string | undefined;
  let attempts = 0;
  let isClosed = false;
  const send = (message: object) => socket.send(JSON.stringify(message));
  const subscribe = () => {
    send({ type: 'subscribe', id: String(++attempts), payload: { query: QUERY, variables: { id: userId, after } } });
  };
  const onMessage = ({ type, payload }: Message) => {
    if (type === 'connection_ack') subscribe();
    if (payload?.data) {
      const { cursor, isGap, photo } = payload.data.userPhotos;
      after = cursor;
      if (isGap) reader.gaps++;
      if (photo) reader.received.push(photo.id);
    } else if (payload?.errors) {
      if (payload.errors[0]?.extensions?.code !== 'RESUME') throw new Error(JSON.stringify(payload));
      reader.resumeCount++;
      subscribe();
    }
  };
  const connect = () => {
    socket = new WebSocket(url.replace(/^http/, 'ws'), 'graphql-transport-ws', { perMessageDeflate: false });
    socket.on('open', () => send({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }));
    socket.on('message', (text) => onMessage(JSON.parse(String(text)) as Message));
    socket.on('close', () => {
      if (isClosed) return;
      reader.resumeCount++;
      connect();
    });
  };
  connect();
  const reader: Reader = {
    received: [],
    gaps: 0,
    resumeCount: 0,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close() {
      isClosed = true;
      socket.close();
    },
  };
  return reader;
}

async function newPhotos({ db }: Stores, count: number): Promise<{ authorId: bigint; photos: bigint[] }> {
  const [author] = await db.$queryRaw<[{ id: bigint }]>`
    insert into users (username, email, display_name, password_hash)
    values ('wordy', 'wordy@example.org', 'Wordy', '') returning id`;
  const rows = await db.$queryRaw<{ id: bigint }[]>`
    insert into photos (id, owner_id, caption, status, media_key, published_id, width, height)
    select
      next_id(${author.id}), ${author.id}, repeat('x', ${CAPTION_LENGTH}::int), 'READY', 'none',
      next_id(${author.id}), 4, 3
    from generate_series(1, ${count}) returning id`;
  return { authorId: author.id, photos: rows.map((row) => row.id) };
}

async function until(probe: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await probe())) {
    if (performance.now() > deadline) throw new Error(`Still false after a minute: ${probe}`);
    await delay(20);
  }
}
