import { photoChannel } from '../../stores/channel-names.ts';
import type { Stores } from '../../stores/stores.ts';
import { publishToStreams } from '../../stores/streams.ts';

/** What is told: that something about the photo is different, which says nothing of what, or that there is a new comment. */
export type PhotoMessage = { changed: true } | { commentId: string };

/** Tells those who look at these photos that they are different. */
export async function publishPhotosChanged({ redis }: Stores, ids: readonly bigint[]): Promise<void> {
  const message: PhotoMessage = { changed: true };
  await Promise.all(ids.map((id) => publishToStreams(redis, [photoChannel(id)], '', JSON.stringify(message))));
}

/** Tells those who look at a photo of a new comment, once however often this is done. */
export async function publishComment({ redis }: Stores, photoId: bigint, commentId: bigint): Promise<void> {
  const message: PhotoMessage = { commentId: String(commentId) };
  await publishToStreams(redis, [photoChannel(photoId)], String(commentId), JSON.stringify(message));
}
