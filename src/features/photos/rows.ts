import type { LocationPrecision, PhotoFailureCode, PhotoStatus } from '../../generated/graphql.ts';
import { type CachedKind, readCached } from '../../stores/cache.ts';
import type { Stores } from '../../stores/stores.ts';

/** Where a photo was taken, as its owner chose to show it. */
export interface PhotoLocation {
  latitude: number;
  longitude: number;
  precision: LocationPrecision;
  placeId: bigint | null;
}

/** A photo as it is stored, without its counts, which change too often to be cached with it. */
export interface PhotoRow {
  __typename: 'Photo';
  id: bigint;
  ownerId: bigint;
  caption: string;
  status: PhotoStatus;
  failure: PhotoFailureCode | null;
  mediaKey: string;
  /** Whether everybody can read its files who knows their URLs. */
  mediaIsPublic: boolean;
  /** By moderators. */
  isHidden: boolean;
  publishedId: bigint | null;
  width: number | null;
  height: number | null;
  /** In base64. */
  thumbhash: string | null;
  location: PhotoLocation | null;
}

/** The Redis key of a photo, with the version of the form in which one is stored: raise it with every change of that form. */
export function photoKey(id: bigint): string {
  return `photo:v3:${id}`;
}

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
  location: [latitude: number, longitude: number, precision: LocationPrecision, placeId: string | null] | null,
];

function encode(row: PhotoRow): string {
  const { id, ownerId, caption, status, failure, mediaKey, mediaIsPublic, isHidden } = row;
  const { publishedId, width, height, thumbhash, location } = row;
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
    location && [location.latitude, location.longitude, location.precision, location.placeId?.toString() ?? null],
  ];
  return JSON.stringify(packed);
}

function decode(text: string): PhotoRow {
  const [id, ownerId, caption, status, failure, mediaKey, mediaIsPublic, isHidden, published, ...image] = JSON.parse(
    text,
  ) as Packed;
  const [width, height, thumbhash, at] = image;
  const publishedId = published === null ? null : BigInt(published);
  const ids = { id: BigInt(id), ownerId: BigInt(ownerId), publishedId };
  const location = at && {
    latitude: at[0],
    longitude: at[1],
    precision: at[2],
    placeId: at[3] === null ? null : BigInt(at[3]),
  };
  const media = { mediaKey, mediaIsPublic, isHidden, width, height, thumbhash };
  return { __typename: 'Photo', ...ids, caption, status, failure, ...media, location };
}

const photos: CachedKind<bigint, PhotoRow> = {
  key: photoKey,
  ttlSeconds: 3_600,
  encode,
  decode,
  async load(db, missing) {
    const rows = await db.photo.findMany({
      where: { id: { in: [...missing] } },
      omit: { likeCount: true, commentCount: true, isMerged: true },
      include: { location: { select: { latitude: true, longitude: true, precision: true, placeId: true } } },
    });
    return new Map(
      rows.map(({ hiddenAt, ...row }) => {
        const thumbhash = row.thumbhash && Buffer.from(row.thumbhash).toString('base64');
        return [row.id, { __typename: 'Photo' as const, ...row, isHidden: hiddenAt !== null, thumbhash }];
      }),
    );
  },
};

/** Reads photos by id, in the order of the ids, whoever may see them: ask people/visibility.ts before handing one out. */
export function readPhotos(stores: Stores, ids: readonly bigint[]): Promise<(PhotoRow | null)[]> {
  return readCached(stores, photos, ids);
}
