import { cellChannel } from '../../stores/channel-names.ts';
import type { Stores } from '../../stores/stores.ts';
import { publishToStreams } from '../../stores/streams.ts';
import { cellsAt } from './cells.ts';

/**
 * Publishes a new photo to the channels of its cells, which the subscriptions to circles subscribe to. The number of
 * channels does not depend on the number of subscriptions. Idempotent.
 */
export async function publishNearbyPhoto({ db, redis }: Stores, photoId: bigint): Promise<void> {
  const point = await db.photoLocation.findUnique({ where: { photoId }, select: { latitude: true, longitude: true } });
  if (!point) return;
  const dedupKey = String(photoId);
  const message = JSON.stringify({ photoId: dedupKey });
  await Promise.all(cellsAt(point).map((cell) => publishToStreams(redis, [cellChannel(cell)], dedupKey, message)));
}
