/**
 * Delivers events about photos to subscribers: checks the rules and reads the rows for all subscribers of one moment in
 * one batch. A photo with thousands of subscribers costs one query for the rules, one read of the photo and, because
 * they get the same share key, one execution of each document (server/shared-results.ts).
 */
import DataLoader from 'dataloader';
import type { Stores } from '../../stores/stores.ts';
import { type CommentKey, type CommentRow, readComments } from '../records/comment-rows.ts';
import { type PhotoRow, readPhotos } from '../records/photo-rows.ts';
import { type ByHashtag, decideDeliveries } from '../visibility/decide-deliveries.ts';
import { ShareKey } from './share-key.ts';

/** What a subscriber receives. */
export interface PhotoDelivery {
  photo: PhotoRow;
  /** The comment that the event is about; null when it is about the photo alone. */
  comment: CommentRow | null;
  /** Equal for all who receive the same at the same moment; null where the answer is for this viewer alone. */
  shareKey: ShareKey | null;
}

/** An event about a photo that may be delivered to a viewer. */
export interface PhotoDeliveryRequest {
  /** Null without a session. */
  viewerId: bigint | null;
  photoId: bigint;
  /** The comment that the event is about; null when it is about the photo alone. */
  commentId: bigint | null;
  /**
   * Why the photo is in the viewer's home feed: true for the people they follow, or a hashtag. False for other
   * subscriptions.
   */
  inFeed: boolean | ByHashtag;
}

type DeliveryLoader = DataLoader<PhotoDeliveryRequest, PhotoDelivery | null>;

const loaders = new WeakMap<Stores, DeliveryLoader>();

/**
 * Delivers an event to a viewer, in one batch with all requests of this turn of the event loop.
 *
 * @returns null when the viewer may not see it, or it is gone
 */
export function deliverPhoto(stores: Stores, request: PhotoDeliveryRequest): Promise<PhotoDelivery | null> {
  let loader = loaders.get(stores);
  if (!loader) {
    loader = new DataLoader((requests) => deliverPhotos(stores, requests), { cache: false });
    loaders.set(stores, loader);
  }
  return loader.load(request);
}

/**
 * Delivers a new photo to a viewer who subscribes to other photos than their home feed.
 *
 * @param payload a message of a channel of photos, which holds the photo's id
 * @returns null when the viewer may not see it, or it is gone
 */
export function deliverPublishedPhoto(
  stores: Stores,
  viewerId: bigint | null,
  payload: string,
): Promise<PhotoDelivery | null> {
  const { photoId } = JSON.parse(payload) as { photoId: string };
  return deliverPhoto(stores, { viewerId, photoId: BigInt(photoId), commentId: null, inFeed: false });
}

async function deliverPhotos(
  stores: Stores,
  requests: readonly PhotoDeliveryRequest[],
): Promise<(PhotoDelivery | null)[]> {
  const shared = await readSharedDeliveries(stores, requests);
  const existing = requests.flatMap((request, index) => {
    const delivery = shared.get(keyOf(request));
    return delivery ? [{ request, delivery, index }] : [];
  });
  const decisions = await decideDeliveries(
    stores,
    existing.map(({ request: { viewerId, inFeed }, delivery: { photo, comment } }) => {
      return { viewerId, photo, commentAuthorId: comment?.authorId ?? null, inFeed };
    }),
  );
  const deliveries = requests.map((): PhotoDelivery | null => null);
  for (const [position, { delivery, index }] of existing.entries()) {
    if (decisions[position] === 'SHARED') deliveries[index] = delivery;
    // Their counts and lists leave out blocked people, so no answer made for them is for others.
    else if (decisions[position] === 'PERSONALIZED') deliveries[index] = { ...delivery, shareKey: null };
  }
  return deliveries;
}

/** Reads the photos and comments of a batch: one delivery, with one share key, for each that exists. */
async function readSharedDeliveries(
  stores: Stores,
  requests: readonly PhotoDeliveryRequest[],
): Promise<Map<string, PhotoDelivery>> {
  const byKey = new Map(requests.map((request) => [keyOf(request), request]));
  const photoIds = [...new Set(requests.map(({ photoId }) => photoId))];
  const [photoRows, commentRows] = await Promise.all([
    readPhotos(stores, photoIds),
    readComments(stores, [...byKey.values()].flatMap(commentKey)),
  ]);
  const photos = new Map(photoRows.map((photo, index) => [photoIds[index], photo]));
  const comments = new Map(commentRows.map((comment) => [comment.id, comment]));
  const deliveries = new Map<string, PhotoDelivery>();
  for (const [key, { photoId, commentId }] of byKey) {
    const photo = photos.get(photoId);
    const comment = commentId === null ? null : comments.get(commentId);
    if (photo && comment !== undefined) deliveries.set(key, { photo, comment, shareKey: new ShareKey() });
  }
  return deliveries;
}

function keyOf({ photoId, commentId }: PhotoDeliveryRequest): string {
  return commentId === null ? String(photoId) : `${photoId} ${commentId}`;
}

function commentKey({ photoId, commentId }: PhotoDeliveryRequest): CommentKey[] {
  return commentId === null ? [] : [[photoId, commentId]];
}
