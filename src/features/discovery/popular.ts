import { type CachedKind, readCached, storeCached } from '../../stores/cached-rows.ts';
import { idAt, idTime } from '../../stores/ids.ts';
import { type Database, sql } from '../../stores/postgres.ts';
import { readOrFallback } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';
import { type Connection, firstPage, type ListItem, MAX_PAGE, type PageRequest } from '../kernel/paging.ts';
import { answerBatch } from '../kernel/read-list.ts';
import type { RowLoaders } from '../records/load-rows.ts';
import type { PhotoRow } from '../records/photo-rows.ts';
import { belongInDiscovery } from '../visibility/rules.ts';

/** How often the list is made again, in milliseconds: as often as its job runs (stores/worker.ts). */
const SLOT_MS = 10 * 60_000;
/** How long a client can read on in the list in which it began. */
const KEPT_SLOTS = 6n;
/** The most photos of a list. */
const LENGTH = 1_000;
/** The age, in milliseconds, above which a photo is in no list, however many likes it has. */
const MAX_AGE_MS = 3 * 24 * 3_600_000;
/** How fast a like loses its worth. A photo's score is likes / (hours + 2) ^ GRAVITY, the formula of Hacker News. */
const GRAVITY = 1.8;

/** The list of each time slot, the most popular photos first. */
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

/** Ranks the photos of the last days that everybody may see. */
async function rankPhotos(db: Database): Promise<bigint[]> {
  const now = Date.now();
  const ageHours = sql`greatest(0, ${idAt(new Date(now))} - published_id) / ${HOUR}::float8`;
  const rows = await db.$queryRaw<{ id: bigint }[]>`
    select photos.id from photos join users on users.id = owner_id
    where published_id >= ${idAt(new Date(now - MAX_AGE_MS))} and status = 'READY' and hidden_at is null
      and like_count > 0 and not is_private and not is_hidden
    order by like_count / power(${ageHours} + 2, ${GRAVITY}::float8) desc, published_id desc
    limit ${LENGTH}::int`;
  return rows.map((row) => row.id);
}

/** How much ids grow in an hour. */
const HOUR = Number(idAt(new Date(idTime(0n) + 3_600_000)));

function currentSlot(): bigint {
  return BigInt(Math.floor(Date.now() / SLOT_MS));
}

/** Makes the list of this time slot, unless there is one: a client that reads on in it must find it unchanged. */
export async function refreshPopular({ db, redis }: Stores): Promise<void> {
  const slot = currentSlot();
  if ((await redis.exists(lists.key(slot))) === 0)
    await storeCached(redis, lists, new Map([[slot, await rankPhotos(db)]]));
}

/** The list that holds the requested page. Until the job has made the list of this slot, that is the previous one. */
async function readSlot(stores: Stores, after: bigint | null): Promise<{ slot: bigint; ids: bigint[] }> {
  const now = currentSlot();
  const requested = after === null ? null : after / BigInt(LENGTH);
  const isKept = requested !== null && requested <= now && now - requested < KEPT_SLOTS;
  for (const slot of isKept ? [requested] : [now, now - 1n]) {
    const text = await readOrFallback(stores.redis, () => stores.redis.get(lists.key(slot)), null);
    if (text) return { slot, ids: lists.decode(text) };
  }
  const [ids] = await readCached(stores, lists, [now]);
  return { slot: now, ids: ids ?? [] };
}

/**
 * A page of the photos that people liked most lately, by owners whom the viewer neither follows nor mutes.
 *
 * The list is an array, so a batch is a slice by rank. It has 100 photos from the start, unlike those of `readList`,
 * because the rules leave out everybody whom the viewer follows.
 *
 * @param viewerId null without a session
 * @param request `after` is the sort id of a photo: its list's time slot and its rank there
 * @param rows loads rows by id: a request's loaders
 */
export async function readPopular(
  stores: Stores,
  viewerId: bigint | null,
  { first, after }: PageRequest,
  rows: RowLoaders,
): Promise<Connection<PhotoRow>> {
  const { slot, ids } = await readSlot(stores, after);
  const items: ListItem<PhotoRow>[] = [];
  let rank = after === null ? 0 : Number(after % BigInt(LENGTH)) + 1;
  for (; items.length <= first && rank < ids.length; rank += MAX_PAGE) {
    const firstId = slot * BigInt(LENGTH) + BigInt(rank);
    const entries = ids
      .slice(rank, rank + MAX_PAGE)
      .map((photoId, index) => ({ photoId, sortId: firstId + BigInt(index) }));
    const batch = await answerBatch(entries, {
      sortId: (entry) => entry.sortId,
      load: (batch) => rows.photos(batch.map((entry) => entry.photoId)),
      rules: (photos) => belongInDiscovery(stores, viewerId, photos, rows.users),
      answer: (photo) => photo,
    });
    items.push(...batch);
  }
  return firstPage(items, first);
}
