import { type Sql, sql, type Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';

const ROWS_AT_ONCE = 1_000;

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

/** The tables of which rows are deleted by the thousand. */
type Table = keyof typeof TABLES;

/** The rows that are a person's, or about them, and lead to no files. Nothing counts them any more. */
export const OWN_ROWS: readonly [Table, Sql][] = [
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

/** Deletes the rows that have one of these ids in a column, in chunks, and adds them to the report. */
export async function deleteRows(
  { db }: Stores,
  userId: bigint,
  table: Table,
  column: Sql,
  ids: readonly bigint[],
): Promise<void> {
  for (let count = ROWS_AT_ONCE; count > 0; ) {
    count = await db.$transaction(async (tx) => {
      const name = TABLES[table];
      const deleted = await tx.$executeRaw`
        delete from ${name} where ctid = any(array(
          select ctid from ${name} where ${column} = any(${[...ids]}::bigint[]) limit ${ROWS_AT_ONCE}
        ))`;
      await addRemoved(tx, userId, { [table]: deleted });
      return deleted;
    });
  }
}

/** Adds to the report what a transaction removes, so that each thing is in it once. */
export async function addRemoved(tx: Transaction, userId: bigint, counts: Record<string, number>): Promise<void> {
  const more = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  if (Object.keys(more).length === 0) return;
  await tx.$executeRaw`
    update account_deletions set removed = removed || (
      select jsonb_object_agg(key, value::int + coalesce((removed ->> key)::int, 0))
      from jsonb_each_text(${JSON.stringify(more)}::jsonb)
    )
    where user_id = ${userId}`;
}
