/** What stands between two people: who follows, blocks or mutes whom. Kept in Redis for each person in one hash of each kind. */
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

/** As a subject of blocks: whether there is any at all. No person has this id. */
const ANYBODY = 0n;

const followFacts = relationFromTable(
  (id) => personKey('follows', id),
  sql`follows`,
  sql`follower_id`,
  sql`followee_id`,
);

const blockFacts: RelationKind = {
  key: (personId) => personKey('blocks', personId),
  load: (db, facts) => db.$queryRaw`
    select person_id as "personId", subject_id as "subjectId" from ${relationKeyTable(facts)}
    cross join lateral (
      select case subject_id when ${ANYBODY} then ${MAX_ID}::bigint else subject_id end as last_id
    ) subject
    where exists (select from blocks where blocker_id = person_id and blocked_id between subject_id and last_id)
      or exists (select from blocks where blocked_id = person_id and blocker_id between subject_id and last_id)`,
};

const muteFacts = relationFromTable((id) => personKey('mutes', id), sql`mutes`, sql`muter_id`, sql`muted_id`);

/** Whether a person follows each of these, in the order of the ids. */
export function readFollows(stores: Stores, followerId: bigint, followeeIds: readonly bigint[]): Promise<boolean[]> {
  return readRelations(stores, followFacts, followerId, followeeIds);
}

/** Whether a block stands between a person and each of these, whoever of the two blocks, in the order of the ids. */
export async function readBlocks(stores: Stores, personId: bigint, otherIds: readonly bigint[]): Promise<boolean[]> {
  // Whoever asks this mostly asks for counts too, which need to know whether there is any block.
  const facts = await readRelations(stores, blockFacts, personId, [...otherIds, ANYBODY]);
  return facts.slice(0, -1);
}

/** Whether a person blocks anybody, or anybody them: mostly not, and then nothing must be taken out of what they see. */
export async function hasBlocks(stores: Stores, personId: bigint): Promise<boolean> {
  const [any] = await readRelations(stores, blockFacts, personId, [ANYBODY]);
  return any === true;
}

/** Whether a person mutes each of these, in the order of the ids. */
export function readMutes(stores: Stores, muterId: bigint, mutedIds: readonly bigint[]): Promise<boolean[]> {
  return readRelations(stores, muteFacts, muterId, mutedIds);
}

/** Runs a write to who follows whom, and lets go of all that it makes stale. @param follows the pairs that may change */
export function changeFollows<R>(
  stores: Stores,
  follows: readonly (readonly [followerId: bigint, followeeId: bigint])[],
  write: () => Promise<R>,
): Promise<R> {
  const followers = follows.map(([followerId]) => followerId);
  return changeFeeds(stores, followers, () => writeInvalidatingRelations(stores.redis, followFacts, follows, write));
}

/** Runs a write to whom a person mutes. */
export function changeMute<R>(stores: Stores, muterId: bigint, mutedId: bigint, write: () => Promise<R>): Promise<R> {
  return changeFeeds(stores, [muterId], () =>
    writeInvalidatingRelations(stores.redis, muteFacts, [[muterId, mutedId]], write),
  );
}

/** Runs a write to whether two people block each other, which also ends their follows. */
export function changeBlock<R>(stores: Stores, one: bigint, other: bigint, write: () => Promise<R>): Promise<R> {
  const pairs: RelationKey[] = [
    [one, other],
    [other, one],
  ];
  const blocks: RelationKey[] = [...pairs, [one, ANYBODY], [other, ANYBODY]];
  return changeFollows(stores, pairs, () => writeInvalidatingRelations(stores.redis, blockFacts, blocks, write));
}

/** Runs a write after which other photos belong to these people's feeds. */
function changeFeeds<R>({ redis }: Stores, personIds: readonly bigint[], write: () => Promise<R>): Promise<R> {
  return writeDroppingTimelines(redis, personIds.map(feedKey), () =>
    writeInvalidating(redis, personIds.map(pulledAuthorsKey), write),
  );
}
