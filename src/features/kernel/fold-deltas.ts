/**
 * Counters never lock a hot row: a write inserts a delta beside the row that it counts, and the worker folds the deltas
 * into the counts every half second. This is the part of folding that all counters share.
 */
import { type Sql, sql, type Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';

/** The deltas that one statement folds. More of them wait for the next run. */
const FOLD_AT_ONCE = 20_000;

/** What folds one kind of deltas. */
export interface Folding<Folded> {
  /** The advisory lock that lets one worker at a time fold these deltas. */
  lockId: number;
  /**
   * Takes deltas with `takeDeltas` and adds them to the counts, in one statement, so that each delta counts once.
   *
   * @returns each thing whose counts changed, with the number of its deltas
   */
  fold(tx: Transaction): Promise<(Folded & { deltas: number })[]>;
  /** Records what follows from the new counts, in the same transaction. Called with at least one thing. */
  record(tx: Transaction, folded: readonly Folded[]): Promise<void>;
}

/** Folds one batch of deltas. Does nothing while another worker folds. @returns whether more may be waiting */
export function foldDeltas<Folded>({ db }: Stores, { lockId, fold, record }: Folding<Folded>): Promise<boolean> {
  return db.$transaction(async (tx) => {
    const [lock] = await tx.$queryRaw<[{ taken: boolean }]>`select pg_try_advisory_xact_lock(${lockId}) as taken`;
    if (!lock.taken) return false;
    const folded = await fold(tx);
    if (folded.length === 0) return false;
    await record(tx, folded);
    return folded.reduce((sum, row) => sum + row.deltas, 0) >= FOLD_AT_ONCE;
  });
}

/**
 * The statement that deletes a batch of deltas and returns their rows.
 *
 * @param table the deltas, with the primary key (owner, id)
 * @param owner the column with the id of the thing that is counted
 */
export function takeDeltas(table: Sql, owner: Sql): Sql {
  return sql`
    delete from ${table}
    where (${owner}, id) in (select ${owner}, id from ${table} limit ${FOLD_AT_ONCE})
    returning *`;
}
