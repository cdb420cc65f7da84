import type { Stores } from '../../stores/stores.ts';
import { tellStreams } from '../../stores/streams.ts';
import { badInput } from '../errors.ts';
import { follow, type LiveEvent, type LiveEvents } from '../live/follow.ts';
import { deliver } from '../photos/deliveries.ts';
import type { PhotoRow } from '../photos/rows.ts';
import { circle, cover } from './areas.ts';
import { type Cell, cellsOf } from './cells.ts';
import { distance, type Point } from './geo.ts';

/** A photo within a circle. */
export interface NearbyPhoto {
  photo: PhotoRow;
  /** From the middle, in metres. */
  distance: number;
}

/** A new photo within a circle, or that something may have been missed. */
export type ArrivingNearby = LiveEvent<NearbyPhoto>;

function cellChannel(cell: Cell): string {
  return `live:{cell:${cell}}`;
}

/**
 * Tells those who listen to a circle of a new photo: on the channel of each cell that holds it, which are as many however many circles there
 * are. Again tells nobody twice.
 */
export async function tellNearby({ db, redis }: Stores, photoId: bigint): Promise<void> {
  const point = await db.photoLocation.findUnique({ where: { photoId }, select: { latitude: true, longitude: true } });
  if (!point) return;
  const once = String(photoId);
  const message = JSON.stringify({ photoId: once });
  await Promise.all(cellsOf(point).map((cell) => tellStreams(redis, [cellChannel(cell)], once, message)));
}

/**
 * Each new photo within a circle that the viewer may see, once. It listens to the cells that cover the circle.
 *
 * @param radius from 10 to 50,000 metres
 * @param after the cursor of the last event that the client has had
 * @throws BAD_USER_INPUT that says what is allowed
 */
export async function followNearby(
  stores: Stores,
  viewerId: bigint | null,
  middle: Point,
  radius: number,
  after: string | null | undefined,
): Promise<LiveEvents<NearbyPhoto>> {
  const [first, ...others] = cover(circle(middle, radius))?.map(({ cell }) => cellChannel(cell)) ?? [];
  if (!first) throw badInput('There is no such circle.');
  return follow<NearbyPhoto>(stores, {
    channels: [first, ...others],
    after,
    async step(payload) {
      const { photoId } = JSON.parse(payload) as { photoId: string };
      const delivery = await deliver(stores, { viewerId, photoId: BigInt(photoId), commentId: null, inFeed: false });
      if (!delivery?.photo.location) return null;
      const away = distance(middle, delivery.photo.location);
      return away <= radius ? { photo: delivery.photo, distance: away } : null;
    },
    // Cells do not lie exactly within larger ones, but each photo is in one of a size: only one that was moved is told in two.
    nameOf: ({ photo }) => String(photo.id),
  });
}
