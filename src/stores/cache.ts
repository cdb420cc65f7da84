import DataLoader from 'dataloader';
import { type Database, idColumn, type Sql, sql } from './postgres.ts';
import { type Redis, readOrFallback } from './redis.ts';

/**
 * Read-through caches in Redis that never keep what a write has made stale.
 *
 * A write puts a tombstone over the key BEFORE it commits and again after. A tombstone reads as absent and cannot be filled,
 * so a reader that read the old row cannot store it; one that is slow to store it does not try (`FILL_WITHIN_MS`). And as the first
 * tombstone precedes the commit, a process that is killed between its commit and anything else leaves nothing stale behind.
 *
 * What many lack at the same moment, as when a photo is told to thousands, is read from PostgreSQL for all of them together.
 */
const TOMBSTONE = '';
const TOMBSTONE_MS = 5_000;
const FILL_WITHIN_MS = 1_000;

/** One kind of thing that is cached, each under a key of its own. */
export interface CachedKind<Id, T> {
  /** The Redis key of one. */
  key(id: Id): string;
  /** How long one is kept, in seconds. */
  ttlSeconds: number;
  encode(value: T): string;
  decode(text: string): T;
  /** Reads those that Redis lacks, from PostgreSQL. What does not exist is left out, and not cached. */
  load(db: Database, ids: readonly Id[]): Promise<Map<Id, T>>;
}

/** Where it is read from. */
interface Sources {
  db: Database;
  redis: Redis;
}

/** Everything is asked for anew, so much of it in one statement. */
const TOGETHER = { cache: false, maxBatchSize: 5_000 };

/**
 * A function of a kind of thing that asks once for all who ask at the same moment: of the same database, which may be a transaction, whose
 * answers are not for others.
 */
function batchAcrossRequests<Kind extends object, Asked, Answer>(
  read: (sources: Sources, kind: Kind, asked: readonly Asked[]) => Promise<Answer[]>,
) {
  const loaders = new WeakMap<Kind, WeakMap<object, DataLoader<Asked, Answer>>>();
  return (sources: Sources, kind: Kind, asked: readonly Asked[]): Promise<Answer[]> => {
    const databases = loaders.get(kind) ?? new WeakMap<object, DataLoader<Asked, Answer>>();
    loaders.set(kind, databases);
    const loader = databases.get(sources.db) ?? new DataLoader((all) => read(sources, kind, all), TOGETHER);
    databases.set(sources.db, loader);
    return Promise.all(asked.map((one) => loader.load(one)));
  };
}

/**
 * Reads from Redis, and from PostgreSQL what Redis lacks, which is everything when Redis is away.
 *
 * @param kind one object for each kind
 * @param ids without repetitions
 * @returns in the order of `ids`; null for what does not exist
 */
export async function readCached<Id, T>(
  sources: Sources,
  kind: CachedKind<Id, T>,
  ids: readonly Id[],
): Promise<(T | null)[]> {
  if (ids.length === 0) return [];
  const { redis } = sources;
  const texts: (string | null)[] = await readOrFallback(redis, () => redis.mget(ids.map(kind.key)), []);
  const missing = ids.filter((_, index) => !texts[index]);
  const loaded = (await loadMissing(sources, kind, missing)) as (T | null)[];
  const found = new Map(missing.map((id, index) => [id, loaded[index] ?? null]));
  return ids.map((id, index) => {
    const text = texts[index];
    return text ? kind.decode(text) : (found.get(id) ?? null);
  });
}

/** Reads from PostgreSQL, and leaves in Redis what was read. */
const loadMissing = batchAcrossRequests(
  async ({ db, redis }, kind: CachedKind<unknown, unknown>, ids: readonly unknown[]) => {
    const started = performance.now();
    const loaded = await kind.load(db, [...new Set(ids)]);
    if (loaded.size > 0 && performance.now() - started < FILL_WITHIN_MS) {
      const fill = () =>
        Promise.all(
          Array.from(loaded, ([id, value]) => redis.set(kind.key(id), kind.encode(value), 'EX', kind.ttlSeconds, 'NX')),
        );
      await readOrFallback(redis, fill, null);
    }
    return ids.map((id) => loaded.get(id) ?? null);
  },
);

/** Puts what is so now over whatever is cached. Whoever does so sees to it that no later state is overtaken. */
export async function storeCached<Id, T>(redis: Redis, kind: CachedKind<Id, T>, values: Map<Id, T>): Promise<void> {
  const { ttlSeconds } = kind;
  await Promise.all(Array.from(values, ([id, value]) => redis.set(kind.key(id), kind.encode(value), 'EX', ttlSeconds)));
}

/**
 * Runs a write that makes cached things stale.
 *
 * @param keys the keys that will be stale
 * @param write commits before it resolves
 * @returns what `write` returns
 */
export async function writeInvalidating<R>(redis: Redis, keys: readonly string[], write: () => Promise<R>): Promise<R> {
  const bury = () => Promise.all(keys.map((key) => redis.set(key, TOMBSTONE, 'PX', TOMBSTONE_MS)));
  await bury();
  try {
    return await write();
  } finally {
    await bury();
  }
}

/** One kind of yes-or-no fact that a person knows of many things, kept in one hash per person. */
export interface RelationKind {
  /** The Redis key of a person's hash. */
  key(personId: bigint): string;
  /** Of these facts, those that are so, from PostgreSQL. */
  load(db: Database, facts: readonly RelationKey[]): Promise<{ personId: bigint; subjectId: bigint }[]>;
}

/** A fact: a person's about a subject. */
export type RelationKey = readonly [personId: bigint, subjectId: bigint];

/** A kind of fact of which each is a row of a table, found by an index of these two columns. @param key as of FactKind */
export function relationFromTable(key: RelationKind['key'], table: Sql, person: Sql, subject: Sql): RelationKind {
  return {
    key,
    load: (db, facts) => db.$queryRaw`
      select person_id as "personId", subject_id as "subjectId" from ${relationKeyTable(facts)}
      cross join lateral (select from ${table} where ${person} = person_id and ${subject} = subject_id limit 1) own`,
  };
}

/** Facts as a table with the columns person_id and subject_id, for `load`. */
export function relationKeyTable(facts: readonly RelationKey[]): Sql {
  const persons = idColumn(facts.map(([personId]) => personId));
  const subjects = idColumn(facts.map(([, subjectId]) => subjectId));
  return sql`unnest(${persons}, ${subjects}) fact (person_id, subject_id)`;
}

/** How long what is known of a person's relation to others is kept: an hour after the first of it, so that nobody who is deleted is named for longer. */
const RELATIONS_TTL_SECONDS = 3_600;

/** A field holds 1, 0, or as tombstone the time (ms) until which it cannot be filled. */
const FILL_RELATIONS = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
for i = 2, #ARGV, 2 do
  local old = redis.call('HGET', KEYS[1], ARGV[i])
  if not old or (string.len(old) > 1 and tonumber(old) < now) then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
  end
end
redis.call('EXPIRE', KEYS[1], ARGV[1], 'NX')
`;

/** The hash must outlive its tombstones. */
const BURY_RELATION = `
local t = redis.call('TIME')
redis.call('HSET', KEYS[1], ARGV[1], t[1] * 1000 + math.floor(t[2] / 1000) + ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3], 'NX')
if redis.call('PTTL', KEYS[1]) < 2 * ARGV[2] then redis.call('PEXPIRE', KEYS[1], 2 * ARGV[2]) end
`;

/**
 * Reads facts from Redis, and from PostgreSQL those that Redis lacks, which are all when it is away.
 *
 * @param kind one object for each kind
 * @param subjectIds without repetitions
 * @returns in the order of `subjectIds`
 */
export async function readRelations(
  sources: Sources,
  kind: RelationKind,
  personId: bigint,
  subjectIds: readonly bigint[],
): Promise<boolean[]> {
  if (subjectIds.length === 0) return [];
  const { redis } = sources;
  const read = () => redis.hmget(kind.key(personId), ...subjectIds.map(String));
  const values: (string | null)[] = await readOrFallback(redis, read, []);
  const missing = subjectIds.filter((_, index) => values[index]?.length !== 1);
  const loaded = await loadMissingRelations(
    sources,
    kind,
    missing.map((id): RelationKey => [personId, id]),
  );
  const isSo = new Map(missing.map((id, index) => [id, loaded[index] === true]));
  return subjectIds.map((id, index) => isSo.get(id) ?? values[index] === '1');
}

/** Reads facts from PostgreSQL, and leaves them in Redis. */
const loadMissingRelations = batchAcrossRequests(
  async ({ db, redis }, kind: RelationKind, facts: readonly RelationKey[]) => {
    const started = performance.now();
    const rows = await kind.load(db, facts);
    const so = new Set(rows.map(({ personId, subjectId }) => `${personId} ${subjectId}`));
    const answers = facts.map(([personId, subjectId]) => so.has(`${personId} ${subjectId}`));
    if (performance.now() - started < FILL_WITHIN_MS) {
      const fields = new Map<bigint, string[]>();
      for (const [index, [personId, subjectId]] of facts.entries()) {
        const own = fields.get(personId) ?? [];
        own.push(String(subjectId), answers[index] ? '1' : '0');
        fields.set(personId, own);
      }
      const fill = () =>
        Promise.all(
          Array.from(fields, ([personId, own]) =>
            redis.eval(FILL_RELATIONS, 1, kind.key(personId), RELATIONS_TTL_SECONDS, ...own),
          ),
        );
      await readOrFallback(redis, fill, null);
    }
    return answers;
  },
);

/** Runs a write that changes facts, as `writeThrough` does. */
export async function writeInvalidatingRelations<R>(
  redis: Redis,
  kind: RelationKind,
  facts: readonly RelationKey[],
  write: () => Promise<R>,
): Promise<R> {
  const bury = () =>
    Promise.all(
      facts.map(([personId, subjectId]) =>
        redis.eval(BURY_RELATION, 1, kind.key(personId), String(subjectId), TOMBSTONE_MS, RELATIONS_TTL_SECONDS),
      ),
    );
  await bury();
  try {
    return await write();
  } finally {
    await bury();
  }
}
