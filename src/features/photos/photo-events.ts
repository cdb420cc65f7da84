import { photoChannel } from '../../stores/channel-names.ts';
import type { Stores } from '../../stores/stores.ts';
import { publishToStreams } from '../../stores/streams.ts';

/** A message on a photo's channel: either the photo changed, without details, or it has a new comment. */
export type PhotoMessage = { changed: true } | { commentId: string };

/** Publishes to the subscribers of each photo that it changed. */
export async function publishPhotosChanged({ redis }: Stores, ids: readonly bigint[]): Promise<void> {
  const message: PhotoMessage = { changed: true };
  await Promise.all(ids.map((id) => publishToStreams(redis, [photoChannel(id)], '', JSON.stringify(message))));
}

/** Publishes a new comment to the subscribers of its photo. Idempotent. */
export async function publishComment({ redis }: Stores, photoId: bigint, commentId: bigint): Promise<void> {
  const message: PhotoMessage = { commentId: String(commentId) };
  await publishToStreams(redis, [photoChannel(photoId)], String(commentId), JSON.stringify(message));
}
