import type { LocationPrecision, PhotoFailureCode, PhotoStatus } from '../../generated/graphql.ts';
import { type CachedKind, readCached } from '../../stores/cached-rows.ts';
import { idColumn } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';

/** Where a photo was taken, as its owner chose to show it. */
export interface PhotoLocation {
  latitude: number;
  longitude: number;
  precision: LocationPrecision;
  placeId: bigint | null;
}

/** A photo as it is stored, without its counts: they change too often to be cached with it. */
export interface PhotoRow {
  __typename: 'Photo';
  id: bigint;
  ownerId: bigint;
  caption: string;
  status: PhotoStatus;
  failure: PhotoFailureCode | null;
  mediaKey: string;
  /** Whether its URLs work for everybody, unsigned and without expiry. */
  mediaIsPublic: boolean;
  /** Hidden by moderators. */
  isHidden: boolean;
  publishedId: bigint | null;
  width: number | null;
  height: number | null;
  /** In base64. */
  thumbhash: string | null;
  /** Sorted. */
  hashtags: string[];
  location: PhotoLocation | null;
}

/** The Redis key of a photo. It holds the version of the stored format: raise it with every change of `Packed`. */
export function photoKey(id: bigint): string {
  return `photo:v3:${id}`;
}

type PackedLocation = [latitude: number, longitude: number, precision: LocationPrecision, placeId: string | null];
type Packed = [
  id: string,
  ownerId: string,
  caption: string,
  status: PhotoStatus,
  failure: PhotoFailureCode | null,
  mediaKey: string,
  mediaIsPublic: boolean,
  isHidden: boolean,
  publishedId: string | null,
  width: number | null,
  height: number | null,
  thumbhash: string | null,
  hashtags: string[],
  location: PackedLocation | null,
];

function encode(row: PhotoRow): string {
  const { id, ownerId, caption, status, failure, mediaKey, mediaIsPublic, isHidden } = row;
  const { publishedId, width, height, thumbhash, hashtags, location } = row;
  const published = publishedId === null ? null : String(publishedId);
  const packed: Packed = [
    String(id),
    String(ownerId),
    caption,
    status,
    failure,
    mediaKey,
    mediaIsPublic,
    isHidden,
    published,
    width,
    height,
    thumbhash,
    hashtags,
    location && [location.latitude, location.longitude, location.precision, location.placeId?.toString() ?? null],
  ];
  return JSON.stringify(packed);
}

function decode(text: string): PhotoRow {
  const [id, ownerId, caption, status, failure, mediaKey, mediaIsPublic, isHidden, published, ...image] = JSON.parse(
    text,
  ) as Packed;
  const [width, height, thumbhash, hashtags, location] = image;
  const publishedId = published === null ? null : BigInt(published);
  const ids = { id: BigInt(id), ownerId: BigInt(ownerId), publishedId };
  const media = { mediaKey, mediaIsPublic, isHidden, width, height, thumbhash, hashtags };
  return {
    __typename: 'Photo',
    ...ids,
    caption,
    status,
    failure,
    ...media,
    location: location && unpackLocation(location),
  };
}

function unpackLocation([latitude, longitude, precision, placeId]: PackedLocation): PhotoLocation {
  return { latitude, longitude, precision, placeId: placeId === null ? null : BigInt(placeId) };
}

const photos: CachedKind<bigint, PhotoRow> = {
  key: photoKey,
  ttlSeconds: 3_600,
  encode,
  decode,
  async load(db, ids) {
    // Raw SQL reads everything in one statement; Prisma would read the relations with further ones.
    const rows = await db.$queryRaw<
      (Omit<PhotoRow, '__typename' | 'thumbhash' | 'location'> & {
        thumbhash: Uint8Array | null;
        location: PackedLocation | null;
      })[]
    >`
      select id, owner_id as "ownerId", caption, status::text, failure::text, media_key as "mediaKey",
        media_is_public as "mediaIsPublic", hidden_at is not null as "isHidden", published_id as "publishedId",
        width, height, thumbhash,
        array(select hashtag from photo_hashtags where photo_id = photos.id order by hashtag collate "C") as hashtags,
        (
          select json_build_array(latitude, longitude, precision, place_id::text)
          from photo_locations where photo_id = photos.id
        ) as location
      from photos where id = any(${idColumn(ids)})`;
    return new Map(
      rows.map((row) => {
        const thumbhash = row.thumbhash && Buffer.from(row.thumbhash).toString('base64');
        const location = row.location && unpackLocation(row.location);
        return [row.id, { __typename: 'Photo' as const, ...row, thumbhash, location }];
      }),
    );
  },
};

/**
 * Reads photos by id, in the order of the ids; null for a photo that does not exist. It checks no visibility: check
 * visibility/rules.ts before returning one to a client.
 */
export function readPhotos(stores: Stores, ids: readonly bigint[]): Promise<(PhotoRow | null)[]> {
  return readCached(stores, photos, ids);
}
