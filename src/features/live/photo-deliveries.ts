/**
 * What those who listen are told of photos: the rules and the rows for all who are told at the same moment, together. A photo for which
 * thousands wait costs one query for the rules, one read of the photo, and, because they are given the same object, one execution of each
 * document (server/shared-results.ts).
 */
import DataLoader from 'dataloader';
import type { Stores } from '../../stores/stores.ts';
import { type CommentKey, type CommentRow, readComments } from '../records/comment-rows.ts';
import { type PhotoRow, readPhotos } from '../records/photo-rows.ts';
import { type ByHashtag, decideDeliveries } from '../visibility/decide-deliveries.ts';

/** What somebody is told. */
export interface PhotoDelivery {
  photo: PhotoRow;
  /** The comment that they are told of. */
  comment: CommentRow | null;
}

/** To whom what is to be told. */
export interface PhotoDeliveryRequest {
  /** Null without a session. */
  viewerId: bigint | null;
  photoId: bigint;
  /** The comment that they are told of; null when it is not about one. */
  commentId: bigint | null;
  /** Whether they are told because it is in their home feed, and there by a hashtag. */
  inFeed: boolean | ByHashtag;
}

type Deliveries = DataLoader<PhotoDeliveryRequest, PhotoDelivery | null>;

const loaders = new WeakMap<Stores, Deliveries>();

/**
 * What a viewer is told at this moment; null when they may not see it, or it is gone.
 *
 * @returns one object for all who are told the same at the same moment and between whom and others there is no block
 */
export function deliverPhoto(stores: Stores, telling: PhotoDeliveryRequest): Promise<PhotoDelivery | null> {
  let loader = loaders.get(stores);
  if (!loader) {
    loader = new DataLoader((tellings) => deliverAll(stores, tellings), { cache: false });
    loaders.set(stores, loader);
  }
  return loader.load(telling);
}

async function deliverAll(
  stores: Stores,
  tellings: readonly PhotoDeliveryRequest[],
): Promise<(PhotoDelivery | null)[]> {
  const photoIds = [...new Set(tellings.map(({ photoId }) => photoId))];
  const [photos, comments] = await Promise.all([readPhotos(stores, photoIds), readCommentsById(stores, tellings)]);
  const photoById = new Map(photos.map((photo, index) => [photoIds[index], photo]));
  const shared = new Map<string, PhotoDelivery>();
  const existing = tellings.map(({ photoId, commentId }) => {
    const key = commentId === null ? String(photoId) : `${photoId} ${commentId}`;
    const known = shared.get(key);
    if (known) return known;
    const photo = photoById.get(photoId);
    const comment = commentId === null ? null : comments.get(commentId);
    if (!photo || comment === undefined) return null;
    const delivery = { photo, comment };
    shared.set(key, delivery);
    return delivery;
  });
  const asked = existing.flatMap((delivery, index) => (delivery ? [index] : []));
  const answers = await decideDeliveries(
    stores,
    asked.map((index) => {
      const { viewerId, inFeed } = tellings[index] as PhotoDeliveryRequest;
      const { photo, comment } = existing[index] as PhotoDelivery;
      return { viewerId, photo, commentAuthorId: comment?.authorId ?? null, inFeed };
    }),
  );
  const delivered = tellings.map((): PhotoDelivery | null => null);
  for (const [place, index] of asked.entries()) {
    const delivery = existing[index] as PhotoDelivery;
    if (answers[place] === 'yes') delivered[index] = delivery;
    // Whoever has a block sees other counts than everybody, so nothing that is made of this may be shared.
    else if (answers[place] === 'yes, with blocks') {
      delivered[index] = { photo: { ...delivery.photo }, comment: delivery.comment };
    }
  }
  return delivered;
}

async function readCommentsById(
  stores: Stores,
  tellings: readonly PhotoDeliveryRequest[],
): Promise<Map<bigint, CommentRow>> {
  const keys = new Map(
    tellings.flatMap(({ photoId, commentId }) => (commentId === null ? [] : [[commentId, photoId]])),
  );
  const rows = await readComments(
    stores,
    Array.from(keys, ([id, photoId]): CommentKey => [photoId, id]),
  );
  return new Map(rows.map((row) => [row.id, row]));
}
