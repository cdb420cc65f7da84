import { createHash, randomBytes } from 'node:crypto';
import { type CachedKind, readCached, writeInvalidating } from '../../stores/cached-rows.ts';
import { sessionsChannel } from '../../stores/channel-names.ts';
import { addJob } from '../../stores/jobs.ts';
import { nextId, type Transaction, transact } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import type { Connection, PageRequest } from '../kernel/paging.ts';
import { readList, ruledByPage } from '../kernel/read-list.ts';
import type { TextRule } from '../kernel/validate.ts';
import { inOrder } from '../records/load-rows.ts';

/** A session: one log-in on one device. */
export interface SessionRow {
  __typename: 'Session';
  id: bigint;
  userId: bigint;
  /** SHA-256 of the token, in hexadecimal. */
  tokenHash: string;
  device: string;
  /** Milliseconds since 1970, like `expiresAt`. */
  lastUsedAt: number;
  expiresAt: number;
}

/** The name of a session's device. */
export const DEVICE: TextRule = { what: "The device's name", min: 0, max: 100, field: ['device'] };

/** The resolution of `lastUsedAt`. Recording every use would make every read a write. */
const RECORD_USE_AFTER_MS = 5 * 60_000;
const DAY_MS = 24 * 3_600_000;
/** The transaction may be long: hiding an account also subtracts all its activity from the counts of others. */
const END_SESSIONS_TRANSACTION = { timeout: 60_000 };

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
 * Creates a session.
 *
 * @param device the device's name, as the client gives it
 * @returns the token: 256 random bits. Only its hash is stored
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

/** The session of a token; null for an unknown token or an expired session. Using a session extends its expiry. */
export async function authenticateToken(stores: Stores, token: string): Promise<SessionRow | null> {
  if (token.length > 200) return null;
  const session = await findSession(stores, hashToken(token));
  if (!session || session.expiresAt <= Date.now()) return null;
  if (session.lastUsedAt < Date.now() - RECORD_USE_AFTER_MS) {
    // The request continues if this fails: the next one tries again.
    await recordUse(stores, session).catch((err) => stores.log.warn({ err }, 'cannot record the use of a session'));
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

/** The session whose token has this hash, even if it has expired; null if there is none. */
export async function findSession(stores: Stores, tokenHash: string): Promise<SessionRow | null> {
  const [session] = await readCached(stores, sessions, [tokenHash]);
  return session ?? null;
}

async function recordUse({ db, redis, config }: Stores, session: SessionRow): Promise<void> {
  const expiresAt = new Date(Date.now() + config.SESSION_DAYS * DAY_MS);
  await writeInvalidating(redis, [sessionKey(session.tokenHash)], () =>
    db.session.updateMany({ where: { id: session.id }, data: { lastUsedAt: new Date(), expiresAt } }),
  );
}

/** A page of a person's sessions, newest first. */
export function listSessions({ db }: Stores, userId: bigint, request: PageRequest): Promise<Connection<SessionRow>> {
  return readList(request, {
    page: (after, count) =>
      db.session.findMany({
        where: { userId, expiresAt: { gt: new Date() }, ...(after !== null && { id: { lt: after } }) },
        orderBy: { id: 'desc' },
        take: count,
      }),
    sortId: (session) => session.id,
    load: async (sessions) => sessions,
    rules: ruledByPage,
    answer: toRow,
  });
}

/** Reads a person's own sessions, in the order of the ids; null for one that is missing, expired or somebody else's. */
export async function readOwnSessions(
  { db }: Stores,
  userId: bigint,
  ids: readonly bigint[],
): Promise<(SessionRow | null)[]> {
  const stored = await db.session.findMany({ where: { id: { in: [...ids] }, userId, expiresAt: { gt: new Date() } } });
  return inOrder(ids, stored.map(toRow));
}

/**
 * Ends sessions of a person: deletes their rows in one transaction with `change`, then publishes their end, which
 * closes their connections. The transaction also enqueues a job that publishes it, in case this process dies before it
 * can.
 *
 * @param selection one session, all but one, or all
 * @param change runs first in the transaction
 * @returns the ids of the ended sessions
 */
export async function endSessions(
  stores: Stores,
  userId: bigint,
  selection: { only: bigint } | { except: bigint } | 'all',
  change: (tx: Transaction) => Promise<void> = async () => {},
): Promise<bigint[]> {
  const where = {
    userId,
    ...(selection !== 'all' && { id: 'only' in selection ? selection.only : { not: selection.except } }),
  };
  // Read before the transaction, so that tombstones cover the cache entries before the rows go: see
  // stores/tombstones.ts.
  const known = (await stores.db.session.findMany({ where })).map(toRow);
  const ended = await writeInvalidating(
    stores.redis,
    known.map((session) => sessionKey(session.tokenHash)),
    () =>
      transact(
        stores.db,
        async (tx) => {
          await change(tx);
          // Includes sessions that began since. publishSessionsEnded invalidates their cache entries.
          const rows = (await tx.session.findMany({ where })).map(toRow);
          await tx.session.deleteMany({ where: { id: { in: rows.map((row) => row.id) } } });
          const sessions = rows.map(({ id, tokenHash }) => ({ id: String(id), tokenHash }));
          if (rows.length > 0) await addJob(tx, 'sessionsEnded', { userId: String(userId), sessions });
          return rows;
        },
        END_SESSIONS_TRANSACTION,
      ),
  );
  await publishSessionsEnded(stores, userId, ended);
  return ended.map((session) => session.id);
}

/**
 * Publishes the end of deleted sessions, upon which every api process closes their connections. Also invalidates their
 * cache entries. Idempotent.
 */
export async function publishSessionsEnded(
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
