import { type Sql, sql, type Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';

const BATCH_SIZE = 1_000;

const TABLES = {
  likes: sql`likes`,
  comments: sql`comments`,
  follows: sql`follows`,
  follow_requests: sql`follow_requests`,
  blocks: sql`blocks`,
  mutes: sql`mutes`,
  activities: sql`activities`,
  reports: sql`reports`,
  sessions: sql`sessions`,
  idempotency_keys: sql`idempotency_keys`,
  former_usernames: sql`former_usernames`,
  mail_tokens: sql`mail_tokens`,
  user_counts: sql`user_counts`,
  user_count_deltas: sql`user_count_deltas`,
  photo_count_deltas: sql`photo_count_deltas`,
  photo_hashtags: sql`photo_hashtags`,
  hashtag_follows: sql`hashtag_follows`,
};

/** A table whose rows are deleted in batches. */
type Table = keyof typeof TABLES;

/**
 * The columns that refer to a person, in tables without files. The person is hidden, so no count includes these rows.
 */
export const COLUMNS_REFERRING_TO_USERS: readonly [Table, Sql][] = [
  ['likes', sql`user_id`],
  ['comments', sql`author_id`],
  ['follows', sql`follower_id`],
  ['follow_requests', sql`requester_id`],
  ['follow_requests', sql`target_id`],
  ['blocks', sql`blocker_id`],
  ['blocks', sql`blocked_id`],
  ['mutes', sql`muter_id`],
  ['mutes', sql`muted_id`],
  ['activities', sql`recipient_id`],
  ['activities', sql`actor_id`],
  ['reports', sql`reporter_id`],
  ['reports', sql`user_id`],
  ['hashtag_follows', sql`user_id`],
  ['sessions', sql`user_id`],
  ['idempotency_keys', sql`user_id`],
  ['former_usernames', sql`user_id`],
  ['mail_tokens', sql`user_id`],
  ['user_count_deltas', sql`user_id`],
  ['user_counts', sql`user_id`],
];

/**
 * Deletes the rows that have one of the ids in a column, in batches, and adds their number to the report.
 *
 * @param userId the person whose deletion reports the rows
 */
export async function deleteRows(
  { db }: Stores,
  userId: bigint,
  table: Table,
  column: Sql,
  ids: readonly bigint[],
): Promise<void> {
  for (let count = BATCH_SIZE; count > 0; ) {
    count = await db.$transaction(async (tx) => {
      const name = TABLES[table];
      const deleted = await tx.$executeRaw`
        delete from ${name} where ctid = any(array(
          select ctid from ${name} where ${column} = any(${[...ids]}::bigint[]) limit ${BATCH_SIZE}
        ))`;
      await addToReport(tx, userId, { [table]: deleted });
      return deleted;
    });
  }
}

/** Adds to the report how many things a transaction removes. The same transaction counts each of them exactly once. */
export async function addToReport(tx: Transaction, userId: bigint, counts: Record<string, number>): Promise<void> {
  const added = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  if (Object.keys(added).length === 0) return;
  await tx.$executeRaw`
    update account_deletions set removed = removed || (
      select jsonb_object_agg(key, value::int + coalesce((removed ->> key)::int, 0))
      from jsonb_each_text(${JSON.stringify(added)}::jsonb)
    )
    where user_id = ${userId}`;
}
