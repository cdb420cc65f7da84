import type { ActivityKind } from '../../generated/graphql.ts';
import { EPOCH_MS } from '../../stores/ids.ts';
import { addJob } from '../../stores/jobs.ts';
import { type Sql, sql, type Transaction } from '../../stores/postgres.ts';

/** Something that was done to a person, as it is stored: see `Activity` in prisma/schema.prisma. */
export interface NewActivity {
  recipientId: bigint;
  kind: ActivityKind;
  subjectId: bigint;
  /** None for groups. */
  actorId?: bigint;
  photoId?: bigint;
  commentId?: bigint;
}

const DAY_MS = 86_400_000;

/** In SQL, the day (UTC, counted from 1970) in which an id was made: what groups follows. @param id a column */
export function dayOfId(id: Sql): Sql {
  return sql`(((${id} >> 23) + ${EPOCH_MS}::bigint) / ${DAY_MS}::bigint)::int`;
}

/** In SQL, the first id that can be made in a day. @param day an expression, as `dayOfId` gives */
export function firstIdOfDay(day: Sql): Sql {
  return sql`((${day} * ${DAY_MS}::bigint - ${EPOCH_MS}::bigint) << 23)`;
}

/**
 * Puts activities at the top of their recipients' lists and enqueues that those who listen are told. One that is there already moves up.
 *
 * @param activities without repetitions
 */
export async function recordActivities(tx: Transaction, activities: readonly NewActivity[]): Promise<void> {
  if (activities.length === 0) return;
  const rows = activities.map(({ recipientId, kind, subjectId, actorId, photoId, commentId }) => ({
    recipient_id: String(recipientId),
    kind,
    subject_id: String(subjectId),
    actor_id: actorId === undefined ? null : String(actorId),
    photo_id: photoId === undefined ? null : String(photoId),
    comment_id: commentId === undefined ? null : String(commentId),
  }));
  const placed = await tx.$queryRaw<{ recipientId: string; place: string }[]>`
    insert into activities (recipient_id, kind, subject_id, place, actor_id, photo_id, comment_id)
    select recipient_id, kind, subject_id, next_id(recipient_id), actor_id, photo_id, comment_id
    from json_to_recordset(${JSON.stringify(rows)}::json) as new (
      recipient_id bigint, kind activity_kind, subject_id bigint, actor_id bigint, photo_id bigint, comment_id bigint
    )
    -- In one order, so that two transactions never wait for each other.
    order by recipient_id, kind, subject_id
    on conflict (recipient_id, kind, subject_id) do update set place = excluded.place
    returning recipient_id::text as "recipientId", place::text`;
  await addJob(tx, 'activityChanged', { activities: placed });
}
