import { cellChannel } from '../../stores/channel-names.ts';
import type { Stores } from '../../stores/stores.ts';
import { publishToStreams } from '../../stores/streams.ts';
import { cellsAt } from './cells.ts';

/**
 * Tells those who listen to a circle of a new photo: on the channel of each cell that holds it, which are as many however many circles there
 * are. Again tells nobody twice.
 */
export async function publishNearbyPhoto({ db, redis }: Stores, photoId: bigint): Promise<void> {
  const point = await db.photoLocation.findUnique({ where: { photoId }, select: { latitude: true, longitude: true } });
  if (!point) return;
  const once = String(photoId);
  const message = JSON.stringify({ photoId: once });
  await Promise.all(cellsAt(point).map((cell) => publishToStreams(redis, [cellChannel(cell)], once, message)));
}
