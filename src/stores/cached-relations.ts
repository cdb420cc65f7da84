/**
 * Relations of a person to subjects, cached in Redis: whether the person follows, blocks, mutes or likes the subject.
 * Each person has one hash for each kind, with a field for each subject. A field holds `1` or `0`, or a tombstone: the
 * time (ms) until which the field cannot be filled. `tombstones.ts` says why no field is stale.
 */
import { batchAcrossRequests, type Sources } from './batch-across-requests.ts';
import { type Database, idColumn, type Sql, sql } from './postgres.ts';
import { type Redis, readOrFallback } from './redis.ts';
import { FILL_WITHIN_MS, TOMBSTONE_MS, writeBetweenTombstones } from './tombstones.ts';

/** A kind of relation that a person has, or has not, to a subject. */
export interface RelationKind {
  /** The Redis key of a person's hash. */
  key(personId: bigint): string;
  /** Reads from PostgreSQL which of these relations exist. */
  load(db: Database, keys: readonly RelationKey[]): Promise<{ personId: bigint; subjectId: bigint }[]>;
}

/** Names one relation of a kind. */
export type RelationKey = readonly [personId: bigint, subjectId: bigint];

/**
 * A kind of relation that has a table with a row for each relation.
 *
 * @param key the Redis key of a person's hash
 * @param person the column of the person's id
 * @param subject the column of the subject's id; an index of both columns exists
 */
export function relationFromTable(key: RelationKind['key'], table: Sql, person: Sql, subject: Sql): RelationKind {
  return {
    key,
    load: (db, keys) => db.$queryRaw`
      select person_id as "personId", subject_id as "subjectId" from ${relationKeyTable(keys)}
      cross join lateral (select from ${table} where ${person} = person_id and ${subject} = subject_id limit 1) found`,
  };
}

/** The keys as a table with the columns person_id and subject_id, for `load`. */
export function relationKeyTable(keys: readonly RelationKey[]): Sql {
  const personIds = idColumn(keys.map(([personId]) => personId));
  const subjectIds = idColumn(keys.map(([, subjectId]) => subjectId));
  return sql`unnest(${personIds}, ${subjectIds}) relation (person_id, subject_id)`;
}

/**
 * How long Redis keeps a person's hash, counted from its first field. So no deleted subject is named for longer than an
 * hour.
 */
const TTL_SECONDS = 3_600;

/**
 * Fills fields that are absent or hold an expired tombstone. KEYS: the hash. ARGV: the TTL (s), then pairs of field and
 * value.
 */
const FILL_SCRIPT = `
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

/**
 * Puts a tombstone over a field. The hash must outlive it. KEYS: the hash. ARGV: the field, how long (ms), the TTL (s).
 */
const TOMBSTONE_SCRIPT = `
local t = redis.call('TIME')
redis.call('HSET', KEYS[1], ARGV[1], t[1] * 1000 + math.floor(t[2] / 1000) + ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3], 'NX')
if redis.call('PTTL', KEYS[1]) < 2 * ARGV[2] then redis.call('PEXPIRE', KEYS[1], 2 * ARGV[2]) end
`;

/**
 * Reads relations from Redis, and cache misses from PostgreSQL. Without Redis, every read is a cache miss.
 *
 * @param kind one object for each kind
 * @param subjectIds without repetitions
 * @returns whether the person has the relation to each subject, in the order of `subjectIds`
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
  // A tombstone is longer than one character.
  const missingIds = subjectIds.filter((_, index) => values[index]?.length !== 1);
  const missingKeys = missingIds.map((id): RelationKey => [personId, id]);
  const loaded = await loadAndFill(sources, kind, missingKeys);
  const loadedById = new Map(missingIds.map((id, index) => [id, loaded[index] === true]));
  return subjectIds.map((id, index) => loadedById.get(id) ?? values[index] === '1');
}

/** Reads relations from PostgreSQL, and stores them in Redis unless a field has a value or a tombstone. */
const loadAndFill = batchAcrossRequests(async ({ db, redis }, kind: RelationKind, keys: readonly RelationKey[]) => {
  const started = performance.now();
  const rows = await kind.load(db, keys);
  const existing = new Set(rows.map(({ personId, subjectId }) => `${personId} ${subjectId}`));
  const exists = keys.map(([personId, subjectId]) => existing.has(`${personId} ${subjectId}`));
  if (performance.now() - started < FILL_WITHIN_MS) {
    const fields = new Map<bigint, string[]>();
    for (const [index, [personId, subjectId]] of keys.entries()) {
      const fieldsOfPerson = fields.get(personId) ?? [];
      fieldsOfPerson.push(String(subjectId), exists[index] ? '1' : '0');
      fields.set(personId, fieldsOfPerson);
    }
    const fill = () =>
      Promise.all(
        Array.from(fields, ([personId, fieldsOfPerson]) =>
          redis.eval(FILL_SCRIPT, 1, kind.key(personId), TTL_SECONDS, ...fieldsOfPerson),
        ),
      );
    await readOrFallback(redis, fill, null);
  }
  return exists;
});

/**
 * Runs a write that changes relations.
 *
 * @param keys the relations that may change
 * @param write commits before it resolves
 * @returns what `write` returns
 */
export function writeInvalidatingRelations<R>(
  redis: Redis,
  kind: RelationKind,
  keys: readonly RelationKey[],
  write: () => Promise<R>,
): Promise<R> {
  const writeTombstones = () =>
    Promise.all(
      keys.map(([personId, subjectId]) =>
        redis.eval(TOMBSTONE_SCRIPT, 1, kind.key(personId), String(subjectId), TOMBSTONE_MS, TTL_SECONDS),
      ),
    );
  return writeBetweenTombstones(writeTombstones, write);
}
