/**
 * Who may see what. Every path that hands out a photo, a person, a comment or an event asks here, for a whole batch at once.
 */

import type { Stores } from '../../stores/stores.ts';
import type { PhotoRow } from '../photos/rows.ts';
import { readFollows } from './follows.ts';

/** Whether the viewer may see each of these photos: those that are READY, and their own. @param viewerId null without a session */
export async function maySeePhotos(
  _stores: Stores,
  viewerId: bigint | null,
  photos: readonly PhotoRow[],
): Promise<boolean[]> {
  return photos.map((photo) => photo.status === 'READY' || photo.ownerId === viewerId);
}

/** Whether each of these photos belongs in the viewer's home feed: one that they may see, of somebody whom they follow. */
export async function belongInFeed(stores: Stores, viewerId: bigint, photos: readonly PhotoRow[]): Promise<boolean[]> {
  const owners = [...new Set(photos.map((photo) => photo.ownerId))];
  const [visible, follows] = await Promise.all([
    maySeePhotos(stores, viewerId, photos),
    readFollows(stores, viewerId, owners),
  ]);
  const followed = new Set(owners.filter((_, index) => follows[index]));
  return photos.map(
    (photo, index) => visible[index] === true && photo.publishedId !== null && followed.has(photo.ownerId),
  );
}
