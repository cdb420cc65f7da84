/**
 * The relations between two people: who follows, blocks or mutes whom. Redis caches them in one hash per person and
 * kind of relation.
 */
import {
  type RelationKey,
  type RelationKind,
  readRelations,
  relationFromTable,
  relationKeyTable,
  writeInvalidatingRelations,
} from '../../stores/cached-relations.ts';
import { writeInvalidating } from '../../stores/cached-rows.ts';
import { MAX_ID } from '../../stores/ids.ts';
import { sql } from '../../stores/postgres.ts';
import { personKey } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';
import { writeDroppingTimelines } from '../../stores/timelines.ts';
import { feedKey, pulledAuthorsKey } from '../records/feed-keys.ts';

/** As the subject of the block relation: whether the person has any block at all. No person has this id. */
const ANYONE = 0n;

const followRelation = relationFromTable(
  (id) => personKey('follows', id),
  sql`follows`,
  sql`follower_id`,
  sql`followee_id`,
);

const blockRelation: RelationKind = {
  key: (personId) => personKey('blocks', personId),
  load: (db, keys) => db.$queryRaw`
    select person_id as "personId", subject_id as "subjectId" from ${relationKeyTable(keys)}
    cross join lateral (
      select case subject_id when ${ANYONE} then ${MAX_ID}::bigint else subject_id end as last_id
    ) subject
    where exists (select from blocks where blocker_id = person_id and blocked_id between subject_id and last_id)
      or exists (select from blocks where blocked_id = person_id and blocker_id between subject_id and last_id)`,
};

const muteRelation = relationFromTable((id) => personKey('mutes', id), sql`mutes`, sql`muter_id`, sql`muted_id`);

/** Whether a person follows each of these people, in the order of the ids. */
export function readFollows(stores: Stores, followerId: bigint, followeeIds: readonly bigint[]): Promise<boolean[]> {
  return readRelations(stores, followRelation, followerId, followeeIds);
}

/** Whether a person and each of these people block one another, in either direction, in the order of the ids. */
export async function readBlocks(stores: Stores, personId: bigint, otherIds: readonly bigint[]): Promise<boolean[]> {
  // Most callers also read counts, which depend on whether there is any block (`hasBlocks`): one read loads both.
  const relations = await readRelations(stores, blockRelation, personId, [...otherIds, ANYONE]);
  return relations.slice(0, -1);
}

/**
 * Whether a person blocks anyone or is blocked by anyone. Mostly not, and then their counts need no correction for
 * blocked people.
 */
export async function hasBlocks(stores: Stores, personId: bigint): Promise<boolean> {
  const [any] = await readRelations(stores, blockRelation, personId, [ANYONE]);
  return any === true;
}

/** Whether a person mutes each of these people, in the order of the ids. */
export function readMutes(stores: Stores, muterId: bigint, mutedIds: readonly bigint[]): Promise<boolean[]> {
  return readRelations(stores, muteRelation, muterId, mutedIds);
}

/**
 * Runs a write to `follows`, and invalidates the cached relations and the home feeds that depend on it.
 *
 * @param follows the pairs that may change
 */
export function writeInvalidatingFollows<R>(
  stores: Stores,
  follows: readonly (readonly [followerId: bigint, followeeId: bigint])[],
  write: () => Promise<R>,
): Promise<R> {
  const followers = follows.map(([followerId]) => followerId);
  return writeDroppingFeeds(stores, followers, () =>
    writeInvalidatingRelations(stores.redis, followRelation, follows, write),
  );
}

/** Runs a write to `mutes`, and invalidates the cached relation and the home feed that depend on it. */
export function writeInvalidatingMute<R>(
  stores: Stores,
  muterId: bigint,
  mutedId: bigint,
  write: () => Promise<R>,
): Promise<R> {
  return writeDroppingFeeds(stores, [muterId], () =>
    writeInvalidatingRelations(stores.redis, muteRelation, [[muterId, mutedId]], write),
  );
}

/**
 * Runs a write to `blocks`, and invalidates the cached relations and the home feeds that depend on it. It invalidates
 * the follows between the two people too, because a block ends them.
 */
export function writeInvalidatingBlock<R>(
  stores: Stores,
  userId: bigint,
  otherId: bigint,
  write: () => Promise<R>,
): Promise<R> {
  const pairs: RelationKey[] = [
    [userId, otherId],
    [otherId, userId],
  ];
  const blocks: RelationKey[] = [...pairs, [userId, ANYONE], [otherId, ANYONE]];
  return writeInvalidatingFollows(stores, pairs, () =>
    writeInvalidatingRelations(stores.redis, blockRelation, blocks, write),
  );
}

/** Runs a write that changes which photos belong in these people's home feeds, and drops the feeds from Redis. */
function writeDroppingFeeds<R>({ redis }: Stores, personIds: readonly bigint[], write: () => Promise<R>): Promise<R> {
  return writeDroppingTimelines(redis, personIds.map(feedKey), () =>
    writeInvalidating(redis, personIds.map(pulledAuthorsKey), write),
  );
}
