import { fanOut } from '../../src/features/feed/fan-out.ts';
import { publishHashtags, syncPhotoHashtags } from '../../src/features/hashtags/photo-hashtags.ts';
import type { Point } from '../../src/features/places/geo.ts';
import { setLocation } from '../../src/features/places/locations.ts';
import { feedKey } from '../../src/features/records/feed-keys.ts';
import { timelineChannel } from '../../src/stores/channel-names.ts';
import { fromGlobalId, toGlobalId } from '../../src/stores/ids.ts';
import { addJob } from '../../src/stores/jobs.ts';
import { nextId } from '../../src/stores/postgres.ts';
import type { Stores } from '../../src/stores/stores.ts';
import type { FeedEntry } from '../../src/stores/timelines.ts';
import type { Person } from './people.ts';
import { until } from './until.ts';

/** The row's id within a global id: of a comment, the comment's own. */
export function rowId(globalId: string): bigint {
  const id = fromGlobalId(globalId)?.parts.at(-1);
  if (id === undefined) throw new Error(`"${globalId}" is not a global id.`);
  return id;
}

/**
 * Inserts a READY photo without files, with the fan-out job that processing would add in the same transaction.
 *
 * @param point the photo's location; none by default
 */
export function insertPhoto(stores: Stores, ownerId: bigint, caption = '', point?: Point): Promise<FeedEntry> {
  return stores.db.$transaction(async (tx) => {
    const photoId = await nextId(tx, ownerId);
    const row = { id: photoId, ownerId, caption, mediaKey: 'none', width: 4, height: 3, status: 'READY' as const };
    await tx.photo.create({ data: row });
    await syncPhotoHashtags(tx, photoId, 'caption');
    const publishedId = await nextId(tx, ownerId);
    await tx.photo.update({ where: { id: photoId }, data: { publishedId } });
    if (point)
      await setLocation(tx, { id: photoId, ownerId, publishedId }, { ...point, precision: 'EXACT', name: null });
    await publishHashtags(tx, photoId, publishedId);
    await tx.userCountDelta.create({ data: { userId: ownerId, photos: 1 } });
    await addJob(tx, 'fanOutPhoto', { photoId: String(photoId) });
    return { publishedId, photoId };
  });
}

/** Inserts a READY photo and fans it out. @returns its global id, when it is in its followers' feeds */
export async function insertFannedOut(stores: Stores, owner: Person, caption?: string): Promise<string> {
  const { photoId } = await insertPhoto(stores, rowId(owner.id), caption);
  await fanOut(stores, photoId);
  return toGlobalId('Photo', photoId);
}

/** Inserts a READY photo with a location, without its fan-out. */
export function insertPhotoAt(stores: Stores, ownerId: bigint, point: Point): Promise<FeedEntry> {
  return stores.db.$transaction(async (tx) => {
    const photoId = await nextId(tx, ownerId);
    const publishedId = await nextId(tx, ownerId);
    const row = { id: photoId, ownerId, caption: '', mediaKey: 'none', width: 4, height: 3, status: 'READY' as const };
    await tx.photo.create({ data: { ...row, publishedId } });
    await setLocation(tx, { id: photoId, ownerId, publishedId }, { ...point, precision: 'EXACT', name: null });
    return { publishedId, photoId };
  });
}

/** Inserts many READY photos, without their fan-out. @returns newest first */
export async function insertPhotos(stores: Stores, ownerIds: readonly bigint[], count: number): Promise<FeedEntry[]> {
  const entries: FeedEntry[] = [];
  for (let index = 0; index < count; index++) {
    const ownerId = ownerIds[index % ownerIds.length] ?? 0n;
    const [entry] = await stores.db.$queryRaw<FeedEntry[]>`
      insert into photos (id, owner_id, caption, status, media_key, published_id, width, height)
      values (next_id(${ownerId}), ${ownerId}, '', 'READY', 'none', next_id(${ownerId}), 4, 3)
      returning id as "photoId", published_id as "publishedId"`;
    if (entry) entries.push(entry);
  }
  return entries.sort((a, b) => (a.publishedId < b.publishedId ? 1 : -1));
}

/** Inserts followers of a person, who cannot log in. @returns their ids */
export async function insertFollowers(stores: Stores, followeeId: bigint, count: number): Promise<bigint[]> {
  const rows = await stores.db.$queryRaw<{ id: bigint }[]>`
    with people as (
      insert into users (username, email, display_name, password_hash)
      select md5(${followeeId} || ' ' || number), md5(${followeeId} || ' ' || number) || '@example.org', '', ''
      from generate_series(1, ${count}) number
      returning id
    ), followers as (
      insert into follows (follower_id, followee_id, id) select id, ${followeeId}, next_id(id) from people
    )
    select id from people`;
  return rows.map((row) => row.id);
}

/**
 * Waits until no job is waiting or running and no count is left to be folded, in stores that no other test uses.
 *
 * @param seconds how long it may take
 */
export async function untilIdle({ db }: Stores, seconds?: number): Promise<void> {
  await until(async () => {
    // In one statement: what is folded makes jobs.
    const [row] = await db.$queryRaw<[{ left: number }]>`
      select ((select count(*) from graphile_worker.jobs where task_identifier not like 'sweep%')
        + (select count(*) from photo_count_deltas) + (select count(*) from user_count_deltas))::int as left`;
    return row.left === 0;
  }, seconds);
}

/**
 * Waits until the deltas of these people and their photos are folded and the changed counts are published. For stores
 * that other tests use too, where `untilIdle` would wait for them.
 *
 * @param seconds how long it may take
 */
export async function untilFolded({ db }: Stores, people: readonly Person[], seconds?: number): Promise<void> {
  const ids = people.map(({ id }) => rowId(id));
  await until(async () => {
    const [row] = await db.$queryRaw<[{ open: number }]>`
      select (
        (select count(*) from user_count_deltas where user_id = any(${ids}::bigint[]))
        + (select count(*) from photo_count_deltas join photos on photos.id = photo_id
            where owner_id = any(${ids}::bigint[]))
        -- What the fold leaves behind brings the counts in Redis up to date.
        + (select count(*) from graphile_worker._private_jobs where exists (
            select from unnest(${ids}::bigint[]) person (id)
            where payload::text like '%"' || person.id || '"%' and payload::text like '{"userIds%'
          ))
        + (select count(*) from graphile_worker._private_jobs where exists (
            select from photos where owner_id = any(${ids}::bigint[])
              and payload::text like '{"photoIds%' and payload::text like '%"' || photos.id || '"%'
          ))
      )::int as open`;
    return row.open === 0;
  }, seconds);
}

/**
 * Waits until a person's homeFeed subscription is active. The protocol has no message for that, so this reads the
 * number of subscribers from Redis.
 *
 * @param processes how many api processes hold one
 */
export async function untilListening(stores: Stores, person: Person, processes = 1): Promise<void> {
  const channel = timelineChannel(feedKey(rowId(person.id)));
  await until(async () => {
    const [, listeners] = (await stores.redis.call('PUBSUB', 'SHARDNUMSUB', channel)) as [string, number];
    return listeners === processes;
  });
}
