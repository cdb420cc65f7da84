import { type CachedKind, readCached, storeCached } from '../../stores/cache.ts';
import { idAt, idTime } from '../../stores/ids.ts';
import type { Database } from '../../stores/postgres.ts';
import { readOrFallback } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';
import { type Connection, MAX_PAGE, type PageRequest, toConnection } from '../kernel/paging.ts';
import type { RowLoaders } from '../records/load-rows.ts';
import type { PhotoRow } from '../records/photo-rows.ts';
import { belongInDiscovery } from '../visibility/rules.ts';

/** How often a new list is made, in milliseconds: as often as the job runs (stores/jobs.ts). */
const SLOT_MS = 10 * 60_000;
/** For how many slots a list is kept, so that clients read all their pages from the list of their first page. */
const KEPT_SLOTS = 6n;
/** The most photos of a list. */
const LENGTH = 1_000;
/** Photos older than this, in milliseconds, are in no list, however many likes they have. */
const MAX_AGE_MS = 3 * 24 * 3_600_000;
/** How fast likes decay. The score is likes / (age in hours + 2) ^ GRAVITY, as on Hacker News. */
const GRAVITY = 1.8;

/** One list of photo ids per slot of SLOT_MS, the most popular first. */
const lists: CachedKind<bigint, bigint[]> = {
  key: (slot) => `popular:${slot}`,
  ttlSeconds: (Number(KEPT_SLOTS) * SLOT_MS) / 1_000,
  encode: (ids) => JSON.stringify(ids.map(String)),
  decode: (text) => (JSON.parse(text) as string[]).map(BigInt),
  async load(db, slots) {
    const list = await rankPhotos(db);
    return new Map(slots.map((slot) => [slot, list]));
  },
};

/** Ranks the photos of the last days that everybody may see, by likes that decay with the photo's age. */
async function rankPhotos(db: Database): Promise<bigint[]> {
  const now = Date.now();
  const rows = await db.$queryRaw<{ id: bigint }[]>`
    select photos.id from photos join users on users.id = owner_id
    where published_id >= ${idAt(new Date(now - MAX_AGE_MS))} and status = 'READY' and hidden_at is null
      and like_count > 0 and not is_private and not is_hidden
    order by
      like_count
        / power(greatest(0, ${idAt(new Date(now))} - published_id) / ${HOUR}::float8 + 2, ${GRAVITY}::float8) desc,
      published_id desc
    limit ${LENGTH}::int`;
  return rows.map((row) => row.id);
}

/** By how much ids grow per hour. */
const HOUR = Number(idAt(new Date(idTime(0n) + 3_600_000)));

function currentSlot(): bigint {
  return BigInt(Math.floor(Date.now() / SLOT_MS));
}

/** Makes the list of the current slot. Does nothing when it exists, because clients may be paging through it. */
export async function refreshPopular({ db, redis }: Stores): Promise<void> {
  const slot = currentSlot();
  if ((await redis.exists(lists.key(slot))) === 0)
    await storeCached(redis, lists, new Map([[slot, await rankPhotos(db)]]));
}

/**
 * Reads the list for a page: the list that the cursor points into, or the newest one. Until the job has made the list
 * of the current slot, the newest is that of the previous slot.
 */
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
    const isNew = await belongInDiscovery(stores, viewerId, photos, load.users);
    const wanted = new Set(photos.filter((_, index) => isNew[index]));
    for (const [index, photo] of loaded.entries()) {
      if (photo && wanted.has(photo)) places.set(photo, slot * BigInt(LENGTH) + BigInt(rank + index));
    }
    rank += MAX_PAGE;
  }
  const found = [...places.keys()];
  return toConnection(found.slice(0, first), (photo) => places.get(photo) ?? 0n, found.length > first);
}
