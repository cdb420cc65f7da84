import type { ActivityKind } from '../../generated/graphql.ts';
import { EPOCH_MS } from '../../stores/ids.ts';
import { addJob } from '../../stores/jobs.ts';
import { type Sql, sql, type Transaction } from '../../stores/postgres.ts';

/** A new row of `activities`: something that was done to a person. See `Activity` in prisma/schema.prisma. */
export interface NewActivity {
  recipientId: bigint;
  kind: ActivityKind;
  subjectId: bigint;
  /** Absent for groups: the likes of a photo, the follows of a day. */
  actorId?: bigint;
  photoId?: bigint;
  commentId?: bigint;
}

const DAY_MS = 86_400_000;

/**
 * The SQL expression for the day (UTC, counted from 1970-01-01) on which an id was created. Follows are grouped by it.
 *
 * @param id a column
 */
export function dayOfId(id: Sql): Sql {
  return sql`(((${id} >> 23) + ${EPOCH_MS}::bigint) / ${DAY_MS}::bigint)::int`;
}

/** The SQL expression for the smallest id of a day. @param day an expression, as `dayOfId` returns */
export function firstIdOfDay(day: Sql): Sql {
  return sql`((${day} * ${DAY_MS}::bigint - ${EPOCH_MS}::bigint) << 23)`;
}

/**
 * Puts activities at the top of their recipients' lists, and enqueues their publication to subscribers. An activity
 * that is already in the list moves up.
 *
 * @param activities each at most once
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
  const recorded = await tx.$queryRaw<{ recipientId: string; place: string }[]>`
    insert into activities (recipient_id, kind, subject_id, place, actor_id, photo_id, comment_id)
    select recipient_id, kind, subject_id, next_id(recipient_id), actor_id, photo_id, comment_id
    from json_to_recordset(${JSON.stringify(rows)}::json) as new (
      recipient_id bigint, kind activity_kind, subject_id bigint, actor_id bigint, photo_id bigint, comment_id bigint
    )
    -- In a fixed order, so that two transactions never deadlock.
    order by recipient_id, kind, subject_id
    on conflict (recipient_id, kind, subject_id) do update set place = excluded.place
    returning recipient_id::text as "recipientId", place::text`;
  await addJob(tx, 'activityChanged', { activities: recorded });
}
