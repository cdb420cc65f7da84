import type { ActivityKind } from '../../generated/graphql.ts';
import { type Sql, sql } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import type { Connection, PageRequest } from '../kernel/paging.ts';
import { readList } from '../kernel/read-list.ts';
import { blockedPeople, personIsVisibleAndUnmuted, photoIsVisible } from '../visibility/sql-conditions.ts';
import { firstIdOfDay } from './record.ts';

/** Something that others did to a person. The actors are those whom the person wants to hear of. */
export interface ActivityRow {
  kind: ActivityKind;
  subjectId: bigint;
  /** The position in the list. */
  sortId: bigint;
  photoId: bigint | null;
  commentId: bigint | null;
  /** The latest first, at most three. */
  actorIds: bigint[];
  actorCount: number;
  isUnread: boolean;
}

const MAX_ACTORS = 3;
/** The most follows of one day that are counted. The likes of a photo have a counter. */
const MAX_FOLLOWS = 1_000;
/** The most unread activities that are counted, and the number of rows that are read to count them. */
const MAX_UNREAD = 100;
const UNREAD_CANDIDATES = 150;

/**
 * The likes of an activity's photo that the person is notified of: by others, and by people whom they want to hear of.
 */
function likes(viewerId: bigint): Sql {
  return sql`from likes where likes.photo_id = activities.photo_id and likes.user_id <> ${viewerId}
    and ${personIsVisibleAndUnmuted(viewerId, sql`likes.user_id`)}`;
}

/** The follows of an activity's day, by people whom the person wants to hear of. */
function follows(viewerId: bigint): Sql {
  return sql`from follows where follows.followee_id = ${viewerId}
    and follows.id >= ${firstIdOfDay(sql`activities.subject_id`)}
    and follows.id < ${firstIdOfDay(sql`(activities.subject_id + 1)`)}
    and ${personIsVisibleAndUnmuted(viewerId, sql`follows.follower_id`)}`;
}

/**
 * The condition that the list shows an activity: it is still true, and the person may see it and wants to hear of it.
 */
function isShown(viewerId: bigint): Sql {
  return sql`case activities.kind
    when 'LIKE' then exists (select ${likes(viewerId)})
    when 'FOLLOW' then exists (select ${follows(viewerId)})
    when 'FOLLOW_REQUEST' then ${personIsVisibleAndUnmuted(viewerId, sql`activities.actor_id`)} and exists (
      select from follow_requests where target_id = ${viewerId} and requester_id = activities.actor_id
    )
    when 'FOLLOW_APPROVED' then ${personIsVisibleAndUnmuted(viewerId, sql`activities.actor_id`)}
    else ${personIsVisibleAndUnmuted(viewerId, sql`activities.actor_id`)}
      and ${photoIsVisible(viewerId, sql`activities.photo_id`)}
      and (activities.comment_id is null or exists (
        select from comments where comments.photo_id = activities.photo_id and comments.id = activities.comment_id
      ))
    end`;
}

/** An activity, and whether the list shows it. Only then are its actors known. */
type Candidate = ActivityRow & { isShown: boolean };

/**
 * Reads the latest of a person's activities that meet a condition, each with whether the list shows it. PostgreSQL
 * checks the rules for these rows only. As part of the condition it would check them for all rows.
 */
function readCandidates({ db }: Stores, viewerId: bigint, condition: Sql, count: number): Promise<Candidate[]> {
  return db.$queryRaw<Candidate[]>`
    with candidates as materialized (
      select * from activities where recipient_id = ${viewerId} and ${condition} order by place desc limit ${count}
    ), judged as materialized (
      select *, ${isShown(viewerId)} as is_shown from candidates as activities
    ), unwanted as materialized (
      select id from (
        select ${viewerId}::bigint as id
        union select id from ${blockedPeople(viewerId)} blocked
        union select muted_id from mutes where muter_id = ${viewerId}
      ) person
      where not exists (select from users where users.id = person.id and is_hidden)
    )
    select kind, subject_id as "subjectId", place as "sortId", photo_id as "photoId", comment_id as "commentId",
      is_shown as "isShown",
      place > (select activity_read_up_to from users where id = ${viewerId}) as "isUnread",
      case
        when not is_shown then array[]::bigint[]
        when kind = 'LIKE' then array(select user_id ${likes(viewerId)} order by likes.id desc limit ${MAX_ACTORS})
        when kind = 'FOLLOW' then array(
          select follower_id ${follows(viewerId)} order by follows.id desc limit ${MAX_ACTORS}
        )
        else array[actor_id]
      end as "actorIds",
      case
        when not is_shown then 0
        -- All likes by people who are not hidden, less those by unwanted people: cheap however many likes there are.
        when kind = 'LIKE' then (
          select like_count from photos where photos.id = activities.photo_id
        ) + (
          select coalesce(sum(likes), 0) from photo_count_deltas where photo_count_deltas.photo_id = activities.photo_id
        ) - (
          select count(*) from unwanted cross join lateral (
            select from likes where likes.photo_id = activities.photo_id and likes.user_id = unwanted.id limit 1
          ) unwanted_like
        )
        when kind = 'FOLLOW' then (select count(*) from (select ${follows(viewerId)} limit ${MAX_FOLLOWS}) counted)
        else 1
      end::int as "actorCount"
    from judged as activities
    order by place desc`;
}

/** A page of what others did to a person, the latest first. */
export function listActivities(
  stores: Stores,
  viewerId: bigint,
  request: PageRequest,
): Promise<Connection<ActivityRow>> {
  return readList(request, {
    page: (after, count) => readCandidates(stores, viewerId, after === null ? sql`true` : sql`place < ${after}`, count),
    sortId: (candidate) => candidate.sortId,
    load: async (candidates) => candidates,
    rules: async (candidates) => candidates.map((candidate) => candidate.isShown),
    answer: (candidate) => candidate,
  });
}

/** The activity with a sort id in a person's list; null when there is none, or the list does not show it. */
export async function readActivity(stores: Stores, viewerId: bigint, sortId: bigint): Promise<ActivityRow | null> {
  const [row] = await readCandidates(stores, viewerId, sql`place = ${sortId}`, 1);
  return row?.isShown ? row : null;
}

/** The number of activities that a person has not read, up to 100: 100 stands for more too. */
export async function countUnread({ db }: Stores, viewerId: bigint): Promise<number> {
  const [row] = await db.$queryRaw<[{ count: number }]>`
    with candidates as materialized (
      select * from activities
      where recipient_id = ${viewerId} and place > (select activity_read_up_to from users where id = ${viewerId})
      order by place desc
      limit ${UNREAD_CANDIDATES}
    )
    select count(*)::int as count from candidates as activities where ${isShown(viewerId)}`;
  return Math.min(row.count, MAX_UNREAD);
}

/** Stores up to which sort id a person has read their activity. It never moves back. */
export async function markRead({ db }: Stores, viewerId: bigint, sortId: bigint): Promise<void> {
  await db.$executeRaw`
    update users set activity_read_up_to = ${sortId} where id = ${viewerId} and activity_read_up_to < ${sortId}`;
}
