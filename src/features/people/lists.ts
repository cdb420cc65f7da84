import { MAX_ID } from '../../stores/ids.ts';
import { type Sql, sql } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { type Connection, type PageRequest, toConnection } from '../kernel/paging.ts';
import type { UserRow } from '../records/user-rows.ts';
import { personIsVisible } from '../visibility/rules.ts';

/** A list of people: the rows that belong to a subject, and the person in each. */
interface PeopleList {
  table: Sql;
  subject: Sql;
  person: Sql;
}

/** Every list of people that there is. Each row's `id` is its place. */
const LISTS = {
  followers: { table: sql`follows`, subject: sql`followee_id`, person: sql`follower_id` },
  following: { table: sql`follows`, subject: sql`follower_id`, person: sql`followee_id` },
  requests: { table: sql`follow_requests`, subject: sql`target_id`, person: sql`requester_id` },
  sentRequests: { table: sql`follow_requests`, subject: sql`requester_id`, person: sql`target_id` },
  blocked: { table: sql`blocks`, subject: sql`blocker_id`, person: sql`blocked_id` },
  muted: { table: sql`mutes`, subject: sql`muter_id`, person: sql`muted_id` },
  likers: { table: sql`likes`, subject: sql`photo_id`, person: sql`user_id` },
} satisfies Record<string, PeopleList>;

/** The name of a list of people. */
export type PeopleListName = keyof typeof LISTS;

/**
 * The same page of one list of several subjects, in one query: those people whom the viewer may see, the newest first. The caller
 * has checked that the viewer may see the list.
 *
 * @param subjectIds whose list it is: a person's, or a photo's likers
 * @param loadUsers loads people by id
 * @returns in the order of the ids
 */
export async function listPeople(
  { db }: Stores,
  viewerId: bigint | null,
  name: PeopleListName,
  subjectIds: readonly bigint[],
  { first, after }: PageRequest,
  loadUsers: (ids: readonly bigint[]) => Promise<readonly (UserRow | null)[]>,
): Promise<Connection<UserRow>[]> {
  const { table, subject, person } = LISTS[name];
  // Whom one has blocked is the one list in which one sees them.
  const visible =
    name === 'blocked'
      ? sql`not exists (select from users where users.id = ${person} and is_hidden)`
      : personIsVisible(viewerId, person);
  const rows = await db.$queryRaw<{ subjectId: bigint; place: bigint; personId: bigint }[]>`
    select subject.id as "subjectId", entry.place, entry.person as "personId"
    from unnest(${[...subjectIds]}::bigint[]) subject (id)
    cross join lateral (
      select ${table}.id as place, ${person} as person from ${table}
      where ${subject} = subject.id and ${table}.id < ${after ?? MAX_ID} and ${visible}
      order by ${table}.id desc
      limit ${first + 1}
    ) entry
    order by entry.place desc`;
  const people = await loadUsers(rows.map((row) => row.personId));
  const entries = rows.flatMap((row, index) => {
    const user = people[index];
    return user ? [{ ...row, user }] : [];
  });
  const bySubject = Map.groupBy(entries, (entry) => entry.subjectId);
  return subjectIds.map((subjectId) => {
    const found = bySubject.get(subjectId) ?? [];
    const places = new Map(found.map(({ user, place }) => [user, place]));
    const users = found.slice(0, first).map(({ user }) => user);
    return toConnection(users, (user) => places.get(user) ?? 0n, found.length > first);
  });
}
