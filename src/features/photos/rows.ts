import type { PhotoFailureCode, PhotoStatus } from '../../generated/graphql.ts';
import { type CachedKind, readCached } from '../../stores/cache.ts';
import { idColumn } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';

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
  /** Sorted. */
  hashtags: string[];
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
  hashtags: string[],
];

function encode(row: PhotoRow): string {
  const { id, ownerId, caption, status, failure, mediaKey, mediaIsPublic, isHidden } = row;
  const { publishedId, width, height, thumbhash, hashtags } = row;
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
  ];
  return JSON.stringify(packed);
}

function decode(text: string): PhotoRow {
  const [id, ownerId, caption, status, failure, mediaKey, mediaIsPublic, isHidden, published, ...image] = JSON.parse(
    text,
  ) as Packed;
  const [width, height, thumbhash, hashtags] = image;
  const publishedId = published === null ? null : BigInt(published);
  const ids = { id: BigInt(id), ownerId: BigInt(ownerId), publishedId };
  const media = { mediaKey, mediaIsPublic, isHidden, width, height, thumbhash, hashtags };
  return { __typename: 'Photo', ...ids, caption, status, failure, ...media };
}

const photos: CachedKind<bigint, PhotoRow> = {
  key: photoKey,
  ttlSeconds: 3_600,
  encode,
  decode,
  async load(db, missing) {
    // In one statement: Prisma reads what belongs to a row with a second one.
    const rows = await db.$queryRaw<(Omit<PhotoRow, '__typename' | 'thumbhash'> & { thumbhash: Uint8Array | null })[]>`
      select id, owner_id as "ownerId", caption, status::text, failure::text, media_key as "mediaKey",
        media_is_public as "mediaIsPublic", hidden_at is not null as "isHidden", published_id as "publishedId", width, height, thumbhash,
        array(select hashtag from photo_hashtags where photo_id = photos.id order by hashtag collate "C") as hashtags
      from photos where id = any(${idColumn(missing)})`;
    return new Map(
      rows.map((row) => {
        const thumbhash = row.thumbhash && Buffer.from(row.thumbhash).toString('base64');
        return [row.id, { __typename: 'Photo' as const, ...row, thumbhash }];
      }),
    );
  },
};

/** Reads photos by id, in the order of the ids, whoever may see them: ask people/visibility.ts before handing one out. */
export function readPhotos(stores: Stores, ids: readonly bigint[]): Promise<(PhotoRow | null)[]> {
  return readCached(stores, photos, ids);
}
