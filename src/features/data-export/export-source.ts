/**
 * What a data export is read from: one snapshot of the database. Rows are read in batches, so that few are in memory.
 */
import { idTime, toGlobalId } from '../../stores/ids.ts';
import { sql, type Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { personIsVisible, photoIsVisible } from '../visibility/sql-conditions.ts';

/** What the rows of a data export are read with. */
export interface ExportSource {
  /** The stores, with the transaction as the database. */
  stores: Stores;
  tx: Transaction;
  userId: bigint;
  /** Called with each photo whose picture belongs to the export. */
  onPhoto(id: bigint): void;
}

/** Rows in one batch. */
export const BATCH_SIZE = 500;
/** The order and size of a batch, for Prisma. */
export const BATCH_BY_ID = { orderBy: { id: 'asc' }, take: BATCH_SIZE } as const;

/** When something with this id was created. */
export function createdAtOf(id: bigint): Date {
  return new Date(idTime(id));
}

/** Yields the rows of a query that returns few enough for one batch. */
export async function* fromQuery<T extends object>(rows: Promise<T[]>): AsyncGenerator<T> {
  yield* await rows;
}

/**
 * Reads rows in batches by keyset.
 *
 * @param readBatch reads the next rows with an id above `after`, ordered by id
 * @param toObjects turns a batch into the objects to write
 */
export async function* inBatches<T extends { id: bigint }>(
  readBatch: (after: bigint) => Promise<T[]>,
  toObjects: (rows: T[]) => object[] | Promise<object[]>,
): AsyncGenerator<object> {
  for (let after = -1n; ; ) {
    const rows = await readBatch(after);
    yield* await toObjects(rows);
    if (rows.length < BATCH_SIZE) return;
    after = rows.at(-1)?.id ?? after;
  }
}

/**
 * Reads those of some people whom the exporting person may see, as they appear in the export.
 *
 * @param areBlocked the ids are from the person's own list of blocked people, in which they see also those
 */
export async function readVisiblePeople(
  { tx, userId }: ExportSource,
  ids: readonly (bigint | null)[],
  areBlocked = false,
) {
  const visible = areBlocked ? sql`not is_hidden` : personIsVisible(userId, sql`users.id`);
  const rows = await tx.$queryRaw<{ id: bigint; username: string }[]>`
    select id, username from users where id = any(${ids.filter((id) => id !== null)}::bigint[]) and ${visible}`;
  return new Map(rows.map(({ id, username }) => [id, { id: toGlobalId('User', id), username }]));
}

/** Reads those of some photos that the exporting person may see, with their owners, as they appear in the export. */
export async function readVisiblePhotos({ tx, userId }: ExportSource, ids: readonly (bigint | null)[]) {
  const rows = await tx.$queryRaw<{ id: bigint; ownerId: bigint; username: string }[]>`
    select photos.id, owner_id as "ownerId", username from photos join users on users.id = owner_id
    where photos.id = any(${ids.filter((id) => id !== null)}::bigint[]) and ${photoIsVisible(userId, sql`photos.id`)}`;
  return new Map(
    rows.map(({ id, ownerId, username }) => {
      return [id, { id: toGlobalId('Photo', id), owner: { id: toGlobalId('User', ownerId), username } }];
    }),
  );
}
