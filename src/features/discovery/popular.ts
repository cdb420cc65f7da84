import { type CachedKind, readCached, storeCached } from '../../stores/cached-rows.ts';
import { idAt, idTime } from '../../stores/ids.ts';
import type { Database } from '../../stores/postgres.ts';
import { readOrFallback } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';
import { type Connection, MAX_PAGE, type PageRequest, toConnection } from '../kernel/paging.ts';
import type { RowLoaders } from '../records/load-rows.ts';
import type { PhotoRow } from '../records/photo-rows.ts';
import { areDiscoveries } from '../visibility/rules.ts';

/** How often the list is made anew, in milliseconds: as often as the job runs (stores/worker.ts). */
const SLOT_MS = 10 * 60_000;
/** Whoever pages on does so in the list in which they began, for so long. */
const KEPT_SLOTS = 6n;
/** The longest list. */
const LENGTH = 1_000;
/** Older photos are in no list, whatever is liked: how old, in milliseconds. */
const MAX_AGE_MS = 3 * 24 * 3_600_000;
/** How fast a like loses its worth: a photo's likes are divided by its age in hours, and 2, to this power (the formula of Hacker News). */
const GRAVITY = 1.8;

/** The list of each slot of time, the most popular first. */
const lists: CachedKind<bigint, bigint[]> = {
  key: (slot) => `popular:${slot}`,
  ttlSeconds: (Number(KEPT_SLOTS) * SLOT_MS) / 1_000,
  encode: (ids) => JSON.stringify(ids.map(String)),
  decode: (text) => (JSON.parse(text) as string[]).map(BigInt),
  async load(db, slots) {
    const list = await makeList(db);
    return new Map(slots.map((slot) => [slot, list]));
  },
};

/** What everybody may see of the last days, by likes that lose their worth with age. */
async function makeList(db: Database): Promise<bigint[]> {
  const now = Date.now();
  const rows = await db.$queryRaw<{ id: bigint }[]>`
    select photos.id from photos join users on users.id = owner_id
    where published_id >= ${idAt(new Date(now - MAX_AGE_MS))} and status = 'READY' and hidden_at is null
      and like_count > 0 and not is_private and not is_hidden
    order by like_count / power(greatest(0, ${idAt(new Date(now))} - published_id) / ${HOUR}::float8 + 2, ${GRAVITY}::float8) desc,
      published_id desc
    limit ${LENGTH}::int`;
  return rows.map((row) => row.id);
}

/** By how much ids grow in an hour. */
const HOUR = Number(idAt(new Date(idTime(0n) + 3_600_000)));

function currentSlot(): bigint {
  return BigInt(Math.floor(Date.now() / SLOT_MS));
}

/** Makes the list of this slot of time, unless there is one: whoever pages on in it must find it as it was. */
export async function refreshPopular({ db, redis }: Stores): Promise<void> {
  const slot = currentSlot();
  if ((await redis.exists(lists.key(slot))) === 0)
    await storeCached(redis, lists, new Map([[slot, await makeList(db)]]));
}

/** The list in which a page is to be read. Until the job has made the newest one, that is the one before. */
async function readList(stores: Stores, after: bigint | null): Promise<{ slot: bigint; ids: bigint[] }> {
  const now = currentSlot();
  const begun = after === null ? null : after / BigInt(LENGTH);
  const wanted = begun !== null && begun <= now && now - begun < KEPT_SLOTS ? [begun] : [now, now - 1n];
  for (const slot of wanted) {
    const text = await readOrFallback(stores.redis, () => stores.redis.get(lists.key(slot)), null);
    if (text) return { slot, ids: lists.decode(text) };
  }
  const [ids] = await readCached(stores, lists, [now]);
  return { slot: now, ids: ids ?? [] };
}

/**
 * A page of what is liked most lately, of people whom the viewer neither follows nor mutes.
 *
 * @param request `after` is a place in the list of a slot of time: the slot, and the rank in it
 * @param load loads rows by id: a request's loaders
 */
export async function readPopular(
  stores: Stores,
  viewerId: bigint | null,
  { first, after }: PageRequest,
  load: RowLoaders,
): Promise<Connection<PhotoRow>> {
  const { slot, ids } = await readList(stores, after);
  const places = new Map<PhotoRow, bigint>();
  let rank = after === null ? 0 : Number(after % BigInt(LENGTH)) + 1;
  while (places.size <= first && rank < ids.length) {
    const loaded = await load.photos(ids.slice(rank, rank + MAX_PAGE));
    const photos = loaded.filter((photo) => photo !== null);
    const isNew = await areDiscoveries(stores, viewerId, photos, load.users);
    const wanted = new Set(photos.filter((_, index) => isNew[index]));
    for (const [index, photo] of loaded.entries()) {
      if (photo && wanted.has(photo)) places.set(photo, slot * BigInt(LENGTH) + BigInt(rank + index));
    }
    rank += MAX_PAGE;
  }
  const found = [...places.keys()];
  return toConnection(found.slice(0, first), (photo) => places.get(photo) ?? 0n, found.length > first);
}
