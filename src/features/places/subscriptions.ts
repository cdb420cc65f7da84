import { cellChannel } from '../../stores/channel-names.ts';
import type { Stores } from '../../stores/stores.ts';
import { badInput } from '../kernel/errors.ts';
import { deliverPhoto } from '../live/photo-deliveries.ts';
import { type LiveEvent, type LiveEvents, subscribe } from '../live/subscribe.ts';
import type { PhotoRow } from '../records/photo-rows.ts';
import { circle, cover } from './areas.ts';
import { distance, type Point } from './geo.ts';

/** A photo within a circle. */
export interface NearbyPhoto {
  photo: PhotoRow;
  /** From the middle, in metres. */
  distance: number;
}

/** A new photo within a circle, or that something may have been missed. */
export type NewNearbyPhotoEvent = LiveEvent<NearbyPhoto>;

/**
 * Each new photo within a circle that the viewer may see, once. It listens to the cells that cover the circle.
 *
 * @param radius from 10 to 50,000 metres
 * @param after the cursor of the last event that the client has had
 * @throws BAD_USER_INPUT that says what is allowed
 */
export async function subscribeToPhotosNear(
  stores: Stores,
  viewerId: bigint | null,
  middle: Point,
  radius: number,
  after: string | null | undefined,
): Promise<LiveEvents<NearbyPhoto>> {
  const [first, ...others] = cover(circle(middle, radius))?.map(({ cell }) => cellChannel(cell)) ?? [];
  if (!first) throw badInput('There is no such circle.');
  return subscribe<NearbyPhoto>(stores, {
    channels: [first, ...others],
    after,
    async step(payload) {
      const { photoId } = JSON.parse(payload) as { photoId: string };
      const delivery = await deliverPhoto(stores, {
        viewerId,
        photoId: BigInt(photoId),
        commentId: null,
        inFeed: false,
      });
      if (!delivery?.photo.location) return null;
      const away = distance(middle, delivery.photo.location);
      if (away > radius) return null;
      // The distance is in the answer, so subscribers of different circles cannot share it.
      return { value: { photo: delivery.photo, distance: away }, shareKey: null };
    },
    // Cells do not lie exactly within larger ones, but each photo is in one of a size: only one that was moved is told in two.
    nameOf: ({ photo }) => String(photo.id),
  });
}
