import { expect } from 'vitest';
import { toGlobalId } from '../../src/stores/ids.ts';
import type { Stores } from '../../src/stores/stores.ts';
import type { Person } from './people.ts';
import { unique } from './people.ts';
import { until } from './until.ts';

/** A page of a home feed, as a client gets it. */
export interface Page {
  edges: { cursor: string; node: { id: string } }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

/** Reads one page of a person's home feed. */
export async function readPage(person: Person, first: number, after: string | null): Promise<Page> {
  const { data, errors } = await person.send<{ homeFeed: Page }>(
    `query ($first: Int!, $after: String) { homeFeed(first: $first, after: $after) {
      edges { cursor node { id } } pageInfo { hasNextPage endCursor }
    } }`,
    { first, after },
  );
  expect(errors).toEqual([]);
  if (!data) throw new Error('The home feed was not answered.');
  return data.homeFeed;
}

/** Reads a person's home feed from the top to its end. @returns the photos' global ids */
export async function readFeed(person: Person, first: number): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | null = null; ; ) {
    const page: Page = await readPage(person, first, cursor);
    ids.push(...idsOf(page));
    if (!page.pageInfo.hasNextPage) return ids;
    cursor = page.pageInfo.endCursor;
  }
}

/** The photos of a page. */
export function idsOf(page: Page): string[] {
  return page.edges.map((edge) => edge.node.id);
}

/** Inserts people who cannot log in: a test follows them and publishes for them by SQL. @returns their ids */
export async function insertPeople({ db }: Stores, count: number): Promise<bigint[]> {
  const name = unique();
  const rows = await db.$queryRaw<{ id: bigint }[]>`
    insert into users (username, email, display_name, password_hash)
    select ${name} || '.' || number, ${name} || '.' || number || '@example.org', '', ''
    from generate_series(1, ${count}) number
    returning id`;
  return rows.map((row) => row.id);
}

/** Follows or unfollows a person by id. */
export async function setFollow(person: Person, name: 'follow' | 'unfollow', followeeId: bigint): Promise<void> {
  const inputType = name === 'follow' ? 'FollowInput' : 'UnfollowInput';
  await person.mutate(name, inputType, { userId: toGlobalId('User', followeeId) }, 'user { id }');
}

/** Waits until everything that these people have published is fanned out to their followers. */
export async function untilFannedOut({ db }: Stores, authorIds: readonly bigint[]): Promise<void> {
  await until(async () => {
    const [row] = await db.$queryRaw<[{ count: number }]>`
      select count(*)::int as count from graphile_worker._private_jobs
      where (payload ->> 'authorId')::bigint = any(${authorIds}) or exists (
        select from photos where id = (payload ->> 'photoId')::bigint and owner_id = any(${authorIds})
      )`;
    return row.count === 0;
  });
}
