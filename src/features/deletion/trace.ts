import { fromGlobalId } from '../../stores/ids.ts';
import { countMatchingJobs } from '../../stores/job-admin.ts';
import type { Transaction } from '../../stores/postgres.ts';
import type { Redis } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';
import { type Names, namingPattern } from './naming.ts';
import { traceObjects } from './trace-objects.ts';

/** Where a person is named. */
export interface Trace {
  /** What was looked for. */
  names: Names;
  rows: { table: string; column: string; count: number }[];
  jobs: { task: string; count: number }[];
  /** Keys in Redis, with where in it the name is, and after how many seconds the key goes by itself; null for never. */
  keys: { key: string; within: string; expiresIn: number | null }[];
  /** The files to which the person's rows lead. */
  objects: string[];
  /** Files to which no row and no job leads, whosever they were. */
  orphans: string[];
  /** What the deletion of the account tells of itself; null without one. */
  report: { askedAt: Date; finishedAt: Date | null; removed: unknown } | null;
}

/** Looking through a large database takes its time. */
const PATIENCE = { maxWait: 10_000, timeout: 24 * 3_600_000 };
/** Tables that are looked at apart: the report of a deletion names whom it is about. */
const APART = ['account_deletions', '_prisma_migrations'];

/**
 * What somebody is known by. Of who is deleted, that is what is given.
 *
 * @param texts usernames, e-mail addresses, ids of the API, or numbers in the database: all of one person
 * @throws Error when a text is none of these, or they are of two people
 */
export async function findNames({ db }: Stores, texts: readonly string[]): Promise<Names> {
  const given: Names = { id: null, email: null, usernames: [] };
  for (const text of texts) Object.assign(given, parseName(text, given));
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

function parseName(text: string, { usernames }: Names): Partial<Names> {
  // A username may be a number too, but not one as long as an id.
  if (/^\d{16,19}$/.test(text)) return { id: BigInt(text) };
  if (/^[^\s@]+@[^\s@]+$/.test(text)) return { email: text.toLowerCase() };
  if (/^[a-z0-9._]{3,30}$/.test(text)) return { usernames: [...usernames, text] };
  const id = fromGlobalId(text);
  if (id?.type === 'User') return { id: id.parts[0] };
  if (/^[a-z0-9._]{3,30}$/i.test(text)) return { usernames: [...usernames, text.toLowerCase()] };
  throw new Error(`"${text}" is no username, e-mail address, or id of a person.`);
}

/** Looks for whatever names a person: in every column of every table, in jobs, in all of Redis, and among the files. It reads everything there is. */
export async function trace(stores: Stores, names: Names): Promise<Trace> {
  const pattern = namingPattern(names);
  const found = await stores.db.$transaction(async (tx) => {
    await tx.$executeRaw`set local statement_timeout = 0`;
    return { rows: await traceRows(tx, pattern), jobs: await countMatchingJobs(tx, pattern) };
  }, PATIENCE);
  const report = names.id === null ? null : await readReport(stores, names.id);
  const keys = await traceRedis(stores.redis, new RegExp(pattern, 'i'));
  return { names, ...found, keys, ...(await traceObjects(stores, names.id)), report };
}

/** Whether anything but the report of the deletion names the person, or any file belongs to nobody. */
export function isClean({ rows, jobs, keys, objects, orphans }: Trace): boolean {
  return [rows, jobs, keys, objects, orphans].every((list) => list.length === 0);
}

async function readReport({ db }: Stores, userId: bigint): Promise<Trace['report']> {
  const select = { askedAt: true, finishedAt: true, removed: true };
  return db.accountDeletion.findUnique({ where: { userId }, select });
}

async function traceRows(tx: Transaction, pattern: string): Promise<Trace['rows']> {
  // Their names come from the database itself, quoted by it.
  const tables = await tx.$queryRaw<{ table: string; name: string; columns: string[]; quoted: string[] }[]>`
    select c.table_name as "table", format('%I.%I', c.table_schema, c.table_name) as name,
      array_agg(c.column_name::text order by c.ordinal_position) as columns,
      array_agg(format('%I', c.column_name) order by c.ordinal_position) as quoted
    from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
    where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and not c.table_name = any(${APART})
    group by c.table_schema, c.table_name order by c.table_name`;
  const found: Trace['rows'] = [];
  for (const { table, name, columns, quoted } of tables) {
    const counts = quoted.map((column, index) => `count(*) filter (where ${column}::text ~* $1)::int as "${index}"`);
    const [row = {}] = await tx.$queryRawUnsafe<Record<string, number>[]>(
      `select ${counts.join()} from ${name}`,
      pattern,
    );
    for (const [index, column] of columns.entries()) {
      const count = row[index] ?? 0;
      if (count > 0) found.push({ table, column, count });
    }
  }
  return found;
}

async function traceRedis(redis: Redis, pattern: RegExp): Promise<Trace['keys']> {
  const found: Trace['keys'] = [];
  for (let cursor = '0'; ; ) {
    const [next, keys] = await redis.scan(cursor, 'COUNT', 1_000);
    const pages = await Promise.all(
      keys.map(async (key) => {
        const texts: [within: string, text: string][] = [['its name', key], ...(await readKey(redis, key))];
        const [hit] = texts.find(([, text]) => pattern.test(text)) ?? [];
        if (hit === undefined) return [];
        const ttl = await redis.ttl(key);
        return ttl === -2 ? [] : [{ key, within: hit, expiresIn: ttl < 0 ? null : ttl }];
      }),
    );
    found.push(...pages.flat());
    if (next === '0') return found.sort((a, b) => (a.key < b.key ? -1 : 1));
    cursor = next;
  }
}

/** All that a key holds, as text, with where in it each is. */
async function readKey(redis: Redis, key: string): Promise<[within: string, text: string][]> {
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
