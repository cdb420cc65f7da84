/** What stands between two people: who follows, blocks or mutes whom. Kept in Redis for each person in one hash of each kind. */
import { type Fact, type FactKind, readFacts, writeFacts, writeThrough } from '../../stores/cache.ts';
import { personKey } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';
import { writeDroppingTimelines } from '../../stores/timelines.ts';
import { feedKey, heavyKey } from '../feed/keys.ts';

/** As a subject of blocks: whether there is any at all. No person has this id. */
const ANYBODY = 0n;

function followFacts({ db }: Stores): FactKind {
  return {
    key: (personId) => personKey('follows', personId),
    async load(followerId, ids) {
      const where = { followerId, followeeId: { in: [...ids] } };
      const rows = await db.follow.findMany({ where, select: { followeeId: true } });
      return rows.map((row) => row.followeeId);
    },
  };
}

function blockFacts({ db }: Stores): FactKind {
  return {
    key: (personId) => personKey('blocks', personId),
    async load(personId, ids) {
      const rows = await db.$queryRaw<{ id: bigint }[]>`
        select blocked_id as id from blocks where blocker_id = ${personId} and blocked_id = any(${[...ids]}::bigint[])
        union
        select blocker_id from blocks where blocked_id = ${personId} and blocker_id = any(${[...ids]}::bigint[])
        union
        select ${ANYBODY}::bigint where exists (
          select from blocks where blocker_id = ${personId} or blocked_id = ${personId}
        )`;
      return rows.map((row) => row.id);
    },
  };
}

function muteFacts({ db }: Stores): FactKind {
  return {
    key: (personId) => personKey('mutes', personId),
    async load(muterId, ids) {
      const where = { muterId, mutedId: { in: [...ids] } };
      return (await db.mute.findMany({ where, select: { mutedId: true } })).map((row) => row.mutedId);
    },
  };
}

/** Whether a person follows each of these, in the order of the ids. */
export function readFollows(stores: Stores, followerId: bigint, followeeIds: readonly bigint[]): Promise<boolean[]> {
  return readFacts(stores.redis, followFacts(stores), followerId, followeeIds);
}

/** Whether a block stands between a person and each of these, whoever of the two blocks, in the order of the ids. */
export async function readBlocks(stores: Stores, personId: bigint, otherIds: readonly bigint[]): Promise<boolean[]> {
  // Whoever asks this mostly asks for counts too, which need to know whether there is any block.
  const facts = await readFacts(stores.redis, blockFacts(stores), personId, [...otherIds, ANYBODY]);
  return facts.slice(0, -1);
}

/** Whether a person blocks anybody, or anybody them: mostly not, and then nothing must be taken out of what they see. */
export async function hasBlocks(stores: Stores, personId: bigint): Promise<boolean> {
  const [any] = await readFacts(stores.redis, blockFacts(stores), personId, [ANYBODY]);
  return any === true;
}

/** Whether a person mutes each of these, in the order of the ids. */
export function readMutes(stores: Stores, muterId: bigint, mutedIds: readonly bigint[]): Promise<boolean[]> {
  return readFacts(stores.redis, muteFacts(stores), muterId, mutedIds);
}

/** Runs a write to who follows whom, and lets go of all that it makes stale. @param follows the pairs that may change */
export function changeFollows<R>(
  stores: Stores,
  follows: readonly (readonly [followerId: bigint, followeeId: bigint])[],
  write: () => Promise<R>,
): Promise<R> {
  const followers = follows.map(([followerId]) => followerId);
  return changeFeeds(stores, followers, () => writeFacts(stores.redis, followFacts(stores), follows, write));
}

/** Runs a write to whom a person mutes. */
export function changeMute<R>(stores: Stores, muterId: bigint, mutedId: bigint, write: () => Promise<R>): Promise<R> {
  return changeFeeds(stores, [muterId], () => writeFacts(stores.redis, muteFacts(stores), [[muterId, mutedId]], write));
}

/** Runs a write to whether two people block each other, which also ends their follows. */
export function changeBlock<R>(stores: Stores, one: bigint, other: bigint, write: () => Promise<R>): Promise<R> {
  const pairs: Fact[] = [
    [one, other],
    [other, one],
  ];
  const blocks: Fact[] = [...pairs, [one, ANYBODY], [other, ANYBODY]];
  return changeFollows(stores, pairs, () => writeFacts(stores.redis, blockFacts(stores), blocks, write));
}

/** Runs a write after which other photos belong to these people's feeds. */
function changeFeeds<R>({ redis }: Stores, personIds: readonly bigint[], write: () => Promise<R>): Promise<R> {
  return writeDroppingTimelines(redis, personIds.map(feedKey), () =>
    writeThrough(redis, personIds.map(heavyKey), write),
  );
}
