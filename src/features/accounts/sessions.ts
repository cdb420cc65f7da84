import { createHash, randomBytes } from 'node:crypto';
import { type CachedKind, readCached, writeInvalidating } from '../../stores/cached-rows.ts';
import { sessionsChannel } from '../../stores/channel-names.ts';
import { addJob } from '../../stores/jobs.ts';
import { nextId, type Transaction, transact } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { type Connection, type PageRequest, toConnection } from '../kernel/paging.ts';

/** One log-in on one device. */
export interface SessionRow {
  __typename: 'Session';
  id: bigint;
  userId: bigint;
  /** SHA-256 of the token, in hexadecimal. */
  tokenHash: string;
  device: string;
  /** Milliseconds since 1970, as is `expiresAt`. */
  lastUsedAt: number;
  expiresAt: number;
}

/** How exactly the last use is known. Writing it more often would make every read a write. */
const TOUCH_AFTER_MS = 5 * 60_000;
const DAY_MS = 24 * 3_600_000;
/** What else happens with the end of sessions may be a lot: taking all that a person has done out of the counts of others. */
const WITHIN = { timeout: 60_000 };

function sessionKey(tokenHash: string): string {
  return `session:v2:${tokenHash}`;
}

function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

type StoredSession = {
  id: bigint;
  userId: bigint;
  tokenHash: Uint8Array;
  device: string;
  lastUsedAt: Date;
  expiresAt: Date;
};

function toRow(stored: StoredSession): SessionRow {
  return {
    __typename: 'Session',
    id: stored.id,
    userId: stored.userId,
    tokenHash: Buffer.from(stored.tokenHash).toString('hex'),
    device: stored.device,
    lastUsedAt: stored.lastUsedAt.getTime(),
    expiresAt: stored.expiresAt.getTime(),
  };
}

/**
 * Logs a person in.
 *
 * @returns the token: 256 random bits, of which only the hash is stored
 */
export async function createSession(stores: Stores, tx: Transaction, userId: bigint, device: string): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  await tx.session.create({
    data: {
      id: await nextId(tx, userId),
      userId,
      tokenHash: Buffer.from(hashToken(token), 'hex'),
      device,
      expiresAt: new Date(Date.now() + stores.config.SESSION_DAYS * DAY_MS),
    },
  });
  return token;
}

/** The session of a token, with its expiry moved on by this use; null when there is none or it is over. */
export async function useSession(stores: Stores, token: string): Promise<SessionRow | null> {
  if (token.length > 200) return null;
  const session = await findSession(stores, hashToken(token));
  if (!session || session.expiresAt <= Date.now()) return null;
  if (session.lastUsedAt < Date.now() - TOUCH_AFTER_MS) {
    // A request goes on without: the next one tries again.
    await touch(stores, session).catch((err) => stores.log.warn({ err }, 'cannot note the use of a session'));
  }
  return session;
}

const sessions: CachedKind<string, SessionRow> = {
  key: sessionKey,
  ttlSeconds: 300,
  encode: ({ tokenHash, id, userId, device, lastUsedAt, expiresAt }) =>
    JSON.stringify([tokenHash, String(id), String(userId), device, lastUsedAt, expiresAt]),
  decode(text) {
    const [tokenHash, id, userId, ...rest] = JSON.parse(text) as [string, string, string, string, number, number];
    const [device, lastUsedAt, expiresAt] = rest;
    return { __typename: 'Session', id: BigInt(id), userId: BigInt(userId), tokenHash, device, lastUsedAt, expiresAt };
  },
  async load(db, hashes) {
    const stored = await db.session.findMany({
      where: { tokenHash: { in: hashes.map((hash) => Buffer.from(hash, 'hex')) } },
    });
    return new Map(stored.map((session) => [Buffer.from(session.tokenHash).toString('hex'), toRow(session)]));
  },
};

/** The session whose token has this hash, also when its time is over. */
export async function findSession(stores: Stores, tokenHash: string): Promise<SessionRow | null> {
  const [session] = await readCached(stores, sessions, [tokenHash]);
  return session ?? null;
}

async function touch({ db, redis, config }: Stores, session: SessionRow): Promise<void> {
  const expiresAt = new Date(Date.now() + config.SESSION_DAYS * DAY_MS);
  await writeInvalidating(redis, [sessionKey(session.tokenHash)], () =>
    db.session.updateMany({ where: { id: session.id }, data: { lastUsedAt: new Date(), expiresAt } }),
  );
}

/** A page of a person's sessions, newest first. */
export async function listSessions({ db }: Stores, userId: bigint, page: PageRequest): Promise<Connection<SessionRow>> {
  const stored = await db.session.findMany({
    where: { userId, expiresAt: { gt: new Date() }, ...(page.after !== null && { id: { lt: page.after } }) },
    orderBy: { id: 'desc' },
    take: page.first + 1,
  });
  return toConnection(stored.slice(0, page.first).map(toRow), (row) => row.id, stored.length > page.first);
}

/** One of a person's sessions. */
export async function readOwnSession({ db }: Stores, userId: bigint, id: bigint): Promise<SessionRow | null> {
  const stored = await db.session.findFirst({ where: { id, userId, expiresAt: { gt: new Date() } } });
  return stored ? toRow(stored) : null;
}

/**
 * Ends sessions of a person: the rows are deleted with whatever else `within` does, and a job closes what they hold open, which
 * is done here at once too.
 *
 * @param which the one session, all but one, or all
 * @returns the ids of those that ended
 */
export async function endSessions(
  stores: Stores,
  userId: bigint,
  which: { only: bigint } | { except: bigint } | 'all',
  within: (tx: Transaction) => Promise<void> = async () => {},
): Promise<bigint[]> {
  const where = {
    userId,
    ...(which !== 'all' && { id: 'only' in which ? which.only : { not: which.except } }),
  };
  // Read first, so that a tombstone covers each before its row goes: see stores/tombstones.ts.
  const known = (await stores.db.session.findMany({ where })).map(toRow);
  const ended = await writeInvalidating(
    stores.redis,
    known.map((session) => sessionKey(session.tokenHash)),
    () =>
      transact(
        stores.db,
        async (tx) => {
          await within(tx);
          // One that began since is among them, and its cache entry falls to the job.
          const rows = (await tx.session.findMany({ where })).map(toRow);
          await tx.session.deleteMany({ where: { id: { in: rows.map((row) => row.id) } } });
          const sessions = rows.map(({ id, tokenHash }) => ({ id: String(id), tokenHash }));
          if (rows.length > 0) await addJob(tx, 'sessionsEnded', { userId: String(userId), sessions });
          return rows;
        },
        WITHIN,
      ),
  );
  await announceEnd(stores, userId, ended);
  return ended.map((session) => session.id);
}

/** Forgets sessions that are deleted and closes what they hold open. Doing it again changes nothing. */
export async function announceEnd(
  { redis, pubsub }: Stores,
  userId: bigint,
  sessions: readonly { id: bigint | string; tokenHash: string }[],
): Promise<void> {
  await writeInvalidating(
    redis,
    sessions.map((session) => sessionKey(session.tokenHash)),
    async () => {},
  );
  await Promise.all(sessions.map((session) => pubsub.publish(sessionsChannel(userId), String(session.id))));
}
