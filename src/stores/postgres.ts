import { createHash } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { Prisma, PrismaClient } from '../generated/prisma/client.ts';

/** The database outside of a transaction. */
export type Database = PrismaClient;
/** The database within a transaction. */
export type Transaction = Prisma.TransactionClient;

/** A piece of SQL with its values, to be put into a larger one. */
export type Sql = Prisma.Sql;
/** Makes a piece of SQL from a template; what is in `${}` becomes a parameter, or, being a piece itself, part of the text. */
export const sql = Prisma.sql;
/** Joins pieces of SQL with a text between them. */
export const joinSql = Prisma.join;

/** A column of ids for `unnest`. As text, which costs a tenth of an array of thousands. */
export function idColumn(ids: readonly bigint[]): Sql {
  return sql`string_to_array(${ids.join()}, ',')::bigint[]`;
}

const KEPT_MARK = '/* kept */';
/** What a statement begins with that each connection plans once and then keeps: one that is asked often and takes longer to plan than to run. */
export const KEPT: Sql = Prisma.raw(KEPT_MARK);

/**
 * A value of which PostgreSQL knows nothing when it plans a statement that is kept. Otherwise it may expect so much less of the values that it is given than of any
 * that it plans the statement each time anew (https://www.postgresql.org/docs/current/sql-prepare.html, "Notes").
 */
export function unplanned(value: unknown, type: 'bigint' | 'bigint[]' | 'int'): Sql {
  return sql`(select ${value}::${Prisma.raw(type)})`;
}

/** A name for a statement that is kept; none for others. Each text has its own, so there must be few of them. */
export function nameStatement({ sql: text }: { sql: string }): string {
  if (!text.startsWith(KEPT_MARK)) return '';
  return createHash('sha256').update(text).digest('base64url');
}

/**
 * Opens a pool of connections; none is made before the first query.
 *
 * @param url the PostgreSQL database
 * @param poolSize the most connections at a time
 * @param onQuery hears of every SQL statement that is sent
 */
export function openDatabase(url: string, poolSize: number, onQuery?: (sql: string) => void): Database {
  const adapter = new PrismaPg(
    {
      connectionString: url,
      max: poolSize,
      connectionTimeoutMillis: 5_000,
      statement_timeout: 30_000,
      // A process that stalls inside a transaction must not hold its locks for ever.
      idle_in_transaction_session_timeout: 30_000,
    },
    { statementNameGenerator: nameStatement },
  );
  if (!onQuery) return new PrismaClient({ adapter });
  const client = new PrismaClient({ adapter, log: [{ emit: 'event', level: 'query' }] });
  client.$on('query', (event) => onQuery(event.query));
  return client as unknown as Database;
}

/** Times that a transaction is tried when it and others wait for each other. */
const ATTEMPTS = 4;

/**
 * Runs a transaction, and once more when PostgreSQL ends it because it and another one wait for each other.
 *
 * @param work may be run several times: what it did before is undone then
 */
export async function transact<R>(
  db: Database,
  work: (tx: Transaction) => Promise<R>,
  options: { timeout?: number } = {},
): Promise<R> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.$transaction(work, options);
    } catch (error) {
      const { code, message } = error as { code?: string; message?: string };
      const isDeadlock = code === 'P2034' || /40P01|deadlock detected/i.test(message ?? '');
      if (!isDeadlock || attempt === ATTEMPTS) throw error;
    }
  }
}

/** A new id in the shard of the person whom the row will belong to. */
export async function nextId(db: Transaction, ownerId: bigint): Promise<bigint> {
  const [row] = await db.$queryRaw<[{ id: bigint }]>`select next_id(${ownerId}) as id`;
  return row.id;
}

/** What the database said of a statement that it refused, the same for Prisma's own statements and for raw ones. */
interface Refusal {
  kind?: string;
  constraint?: { index?: string };
}

function refusal(error: unknown): Refusal {
  return (
    (error as { meta?: { driverAdapterError?: { cause?: Refusal } } } | null)?.meta?.driverAdapterError?.cause ?? {}
  );
}

/** The name of the unique constraint that an error of the database tells of; null when it tells of something else. */
export function violatedUnique(error: unknown): string | null {
  const { kind, constraint } = refusal(error);
  return kind === 'UniqueConstraintViolation' ? (constraint?.index ?? '') : null;
}

/** Whether an error of the database says that a row which another one refers to does not exist. */
export function violatesForeignKey(error: unknown): boolean {
  return refusal(error).kind === 'ForeignKeyConstraintViolation';
}
