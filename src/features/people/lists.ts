import { type Sql, sql } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import type { Connection, PageRequest } from '../kernel/paging.ts';
import { readListOfEach } from '../kernel/read-list.ts';
import type { RowLoaders } from '../records/load-rows.ts';
import type { UserRow } from '../records/user-rows.ts';
import { personIsVisible } from '../visibility/sql-conditions.ts';

/** A list of people: its table, and the columns with the subject whose list it is and with the listed person. */
interface PeopleList {
  table: Sql;
  subject: Sql;
  person: Sql;
}

/** All lists of people. Each row's `id` is its sort id. */
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
 * The same page of one list of several subjects, in one query: the people whom the viewer may see, newest entries
 * first. The caller has checked that the viewer may see the list.
 *
 * @param viewerId null without a session
 * @param subjectIds whose list it is: people, or photos for their likers
 * @param loadUsers loads people by id
 * @returns in the order of the ids
 */
export function listPeople(
  stores: Stores,
  viewerId: bigint | null,
  name: PeopleListName,
  subjectIds: readonly bigint[],
  request: PageRequest,
  loadUsers: RowLoaders['users'],
): Promise<Connection<UserRow>[]> {
  const { table, subject, person } = LISTS[name];
  return readListOfEach(stores, subjectIds, request, {
    page: { table, parentId: subject, sortId: sql`${table}.id`, columns: sql`${person} as "personId"` },
    rules:
      // Elsewhere a block hides people from each other. This list shows them to the viewer who blocked them.
      name === 'blocked'
        ? sql`not exists (select from users where users.id = ${person} and is_hidden)`
        : personIsVisible(viewerId, person),
    load: (entries: readonly { personId: bigint }[]) => loadUsers(entries.map((entry) => entry.personId)),
    answer: (user) => user,
  });
}
