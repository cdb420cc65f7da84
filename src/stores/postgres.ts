import { createHash } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { Prisma, PrismaClient } from '../generated/prisma/client.ts';

/** The database outside of a transaction. */
export type Database = PrismaClient;
/** The database within a transaction. */
export type Transaction = Prisma.TransactionClient;

/** A fragment of SQL with its values, for use in a larger template. */
export type Sql = Prisma.Sql;
/**
 * Makes a fragment of SQL from a template. Values in `${}` become parameters, and fragments in `${}` become part of the
 * text.
 */
export const sql = Prisma.sql;
/** Joins fragments of SQL with a separator. */
export const joinSql = Prisma.join;

/**
 * An array of ids, as for `unnest`. Sent as one text, which for thousands of ids costs a tenth of an array parameter.
 */
export function idColumn(ids: readonly bigint[]): Sql {
  return sql`string_to_array(${ids.join()}, ',')::bigint[]`;
}

const KEPT_MARK = '/* kept */';
/**
 * Begins a statement that each connection prepares once and then keeps. It is meant for statements that run often and
 * take longer to plan than to execute.
 */
export const KEPT: Sql = Prisma.raw(KEPT_MARK);

/**
 * A value that PostgreSQL's planner does not see, for kept statements. PostgreSQL compares the estimated cost of a plan
 * for the given values with that of a generic plan. When the values look much cheaper, it plans the statement again at
 * every execution (https://www.postgresql.org/docs/current/sql-prepare.html, "Notes"). A hidden value makes both
 * estimates equal.
 */
export function unplanned(value: unknown, type: 'bigint' | 'bigint[]' | 'int'): Sql {
  return sql`(select ${value}::${Prisma.raw(type)})`;
}

/**
 * The name of a prepared statement; empty for a statement that is not kept. Each text gets its own name and stays
 * prepared on every connection, so keep only few different texts.
 */
export function nameStatement({ sql: text }: { sql: string }): string {
  if (!text.startsWith(KEPT_MARK)) return '';
  return createHash('sha256').update(text).digest('base64url');
}

/**
 * Opens a pool of connections. It connects at the first query.
 *
 * @param url the PostgreSQL database
 * @param poolSize the maximum number of connections
 * @param onQuery is called with the text of every SQL statement
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
  // Other formats take a stack trace at each call, for a message that shows the caller's source.
  const options = { adapter, errorFormat: 'minimal' } as const;
  if (!onQuery) return new PrismaClient(options);
  const client = new PrismaClient({ ...options, log: [{ emit: 'event', level: 'query' }] });
  client.$on('query', (event) => onQuery(event.query));
  return client as unknown as Database;
}

/** How often a transaction is tried in all when PostgreSQL ends it because of a deadlock. */
const ATTEMPTS = 4;

/**
 * Runs a transaction, and retries it after a deadlock, up to four attempts in all.
 *
 * @param work may run several times; PostgreSQL has rolled back each earlier run
 * @param options `timeout`: how long an attempt may take, in milliseconds; Prisma's five seconds by default
 * @throws Error what `work` throws, or the deadlock of the last attempt
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

/** Draws a new id. @param ownerId the person who will own the row, and whose logical shard goes into the id */
export async function nextId(db: Transaction, ownerId: bigint): Promise<bigint> {
  const [row] = await db.$queryRaw<[{ id: bigint }]>`select next_id(${ownerId}) as id`;
  return row.id;
}

/** Why PostgreSQL refused a statement. Prisma's own statements and raw ones carry it in the same place. */
interface Refusal {
  kind?: string;
  constraint?: { index?: string };
}

function refusal(error: unknown): Refusal {
  return (
    (error as { meta?: { driverAdapterError?: { cause?: Refusal } } } | null)?.meta?.driverAdapterError?.cause ?? {}
  );
}

/** The name of the unique constraint that a database error reports; null for any other error. */
export function violatedUnique(error: unknown): string | null {
  const { kind, constraint } = refusal(error);
  return kind === 'UniqueConstraintViolation' ? (constraint?.index ?? '') : null;
}

/** Whether a database error reports that a row which a foreign key refers to does not exist. */
export function violatesForeignKey(error: unknown): boolean {
  return refusal(error).kind === 'ForeignKeyConstraintViolation';
}
