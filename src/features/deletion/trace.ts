import { fromGlobalId } from '../../stores/ids.ts';
import { countMatchingJobs } from '../../stores/job-admin.ts';
import type { Transaction } from '../../stores/postgres.ts';
import type { Redis } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';
import { identifierPattern, type PersonIdentifiers } from './identifiers.ts';
import { traceFiles } from './trace-files.ts';

/** Everything in the stores that names a person. */
export interface Trace {
  /** The identifiers that were searched for. */
  identifiers: PersonIdentifiers;
  rows: { table: string; column: string; count: number }[];
  jobs: { task: string; count: number }[];
  /** Keys in Redis: where in the key the match is, and after how many seconds the key expires; null for never. */
  keys: { key: string; location: string; expiresIn: number | null }[];
  /** The keys of the files that the person's rows refer to. */
  objects: string[];
  /** The keys of all files that no row and no job refers to, regardless of the person. */
  orphans: string[];
  /** The report of the account's deletion; null without one. */
  report: { askedAt: Date; finishedAt: Date | null; removed: unknown } | null;
}

/** A trace reads every row, which takes long in a large database. */
const TRACE_TRANSACTION = { maxWait: 10_000, timeout: 24 * 3_600_000 };
/** Tables that are not searched. The deletion report, which names its person, is read separately. */
const EXCLUDED_TABLES = ['account_deletions', '_prisma_migrations'];

/**
 * Looks up all identifiers of a person. If the person is deleted, returns the given ones.
 *
 * @param texts usernames, e-mail addresses, global ids or database ids, all of one person
 * @throws Error if a text is none of these, or if they belong to more than one person
 */
export async function findIdentifiers({ db }: Stores, texts: readonly string[]): Promise<PersonIdentifiers> {
  const given: PersonIdentifiers = { id: null, email: null, usernames: [] };
  for (const text of texts) Object.assign(given, parseIdentifier(text, given));
  const people = await db.user.findMany({
    where: {
      OR: [
        ...(given.id === null ? [] : [{ id: given.id }]),
        ...(given.email === null ? [] : [{ email: given.email }]),
        { username: { in: [...given.usernames] } },
      ],
    },
    select: { id: true, email: true, username: true, formerUsernames: { select: { username: true } } },
  });
  const [person] = people;
  if (people.length > 1) throw new Error(`These are ${people.length} people: trace one at a time.`);
  if (!person) return given;
  const former = person.formerUsernames.map((name) => name.username);
  return {
    id: person.id,
    email: person.email,
    usernames: [...new Set([person.username, ...former, ...given.usernames])],
  };
}

function parseIdentifier(text: string, { usernames }: PersonIdentifiers): Partial<PersonIdentifiers> {
  // A username may consist of digits, but one as long as a database id counts as an id.
  if (/^\d{16,19}$/.test(text)) return { id: BigInt(text) };
  if (/^[^\s@]+@[^\s@]+$/.test(text)) return { email: text.toLowerCase() };
  if (/^[a-z0-9._]{3,30}$/.test(text)) return { usernames: [...usernames, text] };
  const id = fromGlobalId(text);
  if (id?.type === 'User') return { id: id.parts[0] };
  if (/^[a-z0-9._]{3,30}$/i.test(text)) return { usernames: [...usernames, text.toLowerCase()] };
  throw new Error(`"${text}" is no username, e-mail address or id of a person.`);
}

/**
 * Finds everything that names a person: in every column of every table, in jobs, in all of Redis and among the files.
 * Reads all data in all stores.
 */
export async function trace(stores: Stores, identifiers: PersonIdentifiers): Promise<Trace> {
  const pattern = identifierPattern(identifiers);
  const matches = await stores.db.$transaction(async (tx) => {
    await tx.$executeRaw`set local statement_timeout = 0`;
    return { rows: await traceRows(tx, pattern), jobs: await countMatchingJobs(tx, pattern) };
  }, TRACE_TRANSACTION);
  const report = identifiers.id === null ? null : await readReport(stores, identifiers.id);
  const keys = await traceRedis(stores.redis, new RegExp(pattern, 'i'));
  return { identifiers, ...matches, keys, ...(await traceFiles(stores, identifiers.id)), report };
}

/** Whether nothing but the deletion report names the person, and there are no orphaned files. */
export function isClean({ rows, jobs, keys, objects, orphans }: Trace): boolean {
  return [rows, jobs, keys, objects, orphans].every((list) => list.length === 0);
}

async function readReport({ db }: Stores, userId: bigint): Promise<Trace['report']> {
  const select = { askedAt: true, finishedAt: true, removed: true };
  return db.accountDeletion.findUnique({ where: { userId }, select });
}

async function traceRows(tx: Transaction, pattern: string): Promise<Trace['rows']> {
  // Safe to interpolate below: PostgreSQL itself quotes the names of tables and columns.
  const tables = await tx.$queryRaw<{ table: string; name: string; columns: string[]; quoted: string[] }[]>`
    select c.table_name as "table", format('%I.%I', c.table_schema, c.table_name) as name,
      array_agg(c.column_name::text order by c.ordinal_position) as columns,
      array_agg(format('%I', c.column_name) order by c.ordinal_position) as quoted
    from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
    where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and not c.table_name = any(${EXCLUDED_TABLES})
    group by c.table_schema, c.table_name order by c.table_name`;
  const matches: Trace['rows'] = [];
  for (const { table, name, columns, quoted } of tables) {
    const counts = quoted.map((column, index) => `count(*) filter (where ${column}::text ~* $1)::int as "${index}"`);
    const [row = {}] = await tx.$queryRawUnsafe<Record<string, number>[]>(
      `select ${counts.join()} from ${name}`,
      pattern,
    );
    for (const [index, column] of columns.entries()) {
      const count = row[index] ?? 0;
      if (count > 0) matches.push({ table, column, count });
    }
  }
  return matches;
}

async function traceRedis(redis: Redis, pattern: RegExp): Promise<Trace['keys']> {
  const matches: Trace['keys'] = [];
  for (let cursor = '0'; ; ) {
    const [next, keys] = await redis.scan(cursor, 'COUNT', 1_000);
    const found = await Promise.all(
      keys.map(async (key) => {
        const texts: [location: string, text: string][] = [['its name', key], ...(await readTexts(redis, key))];
        const [location] = texts.find(([, text]) => pattern.test(text)) ?? [];
        if (location === undefined) return [];
        const ttl = await redis.ttl(key);
        return ttl === -2 ? [] : [{ key, location, expiresIn: ttl < 0 ? null : ttl }];
      }),
    );
    matches.push(...found.flat());
    if (next === '0') return matches.sort((a, b) => (a.key < b.key ? -1 : 1));
    cursor = next;
  }
}

/** All texts in the value of a key, each with its location in the key. */
async function readTexts(redis: Redis, key: string): Promise<[location: string, text: string][]> {
  const type = await redis.type(key);
  if (type === 'string') return [['its value', (await redis.get(key)) ?? '']];
  if (type === 'hash') {
    const fields = Object.entries(await redis.hgetall(key));
    return fields.flatMap(([field, value]) => [
      [`its field ${field}`, field],
      [`the value of its field ${field}`, value],
    ]);
  }
  const members =
    type === 'zset'
      ? await redis.zrange(key, '0', '-1')
      : type === 'set'
        ? await redis.smembers(key)
        : type === 'list'
          ? await redis.lrange(key, '0', '-1')
          : type === 'stream'
            ? (await redis.xrange(key, '-', '+')).flatMap(([, fields]) => fields)
            : [];
  return members.map((member) => ['its members', member]);
}
