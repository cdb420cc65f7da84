import { cellChannel } from '../../stores/channel-names.ts';
import type { Stores } from '../../stores/stores.ts';
import type { ClientText } from '../kernel/client-text.ts';
import { badInput } from '../kernel/errors.ts';
import { deliverPublishedPhoto } from '../live/photo-deliveries.ts';
import { type LiveEvent, type LiveEvents, subscribe } from '../live/subscribe.ts';
import type { PhotoRow } from '../records/photo-rows.ts';
import { circle, cover } from './areas.ts';
import { distance, type Point } from './geo.ts';

/** A photo within a circle. */
export interface NearbyPhoto {
  photo: PhotoRow;
  /** From the centre, in metres. */
  distance: number;
}

/** A new photo within a circle, or a gap. */
export type NewNearbyPhotoEvent = LiveEvent<NearbyPhoto>;

/**
 * Each new photo within a circle that the viewer may see, once. It subscribes to the cells that cover the circle.
 *
 * @param radius from 10 to 50,000 metres
 * @param after the cursor of the last event that the client has
 * @param signal is aborted when the client leaves
 * @throws BAD_USER_INPUT that says what is allowed
 */
export async function subscribeToPhotosNear(
  stores: Stores,
  viewerId: bigint | null,
  center: Point,
  radius: number,
  after: ClientText | null | undefined,
  signal: AbortSignal,
): Promise<LiveEvents<NearbyPhoto>> {
  const [first, ...others] = cover(circle(center, radius))?.map(({ cell }) => cellChannel(cell)) ?? [];
  if (!first) throw badInput('There is no such circle.');
  return subscribe<NearbyPhoto>(stores, {
    channels: [first, ...others],
    after,
    signal,
    isAnonymous: viewerId === null,
    async onMessage(payload) {
      const delivery = await deliverPublishedPhoto(stores, viewerId, payload);
      if (!delivery?.photo.location) return null;
      const meters = distance(center, delivery.photo.location);
      if (meters > radius) return null;
      // The distance is part of the answer, so subscribers to different circles cannot share it.
      return { value: { photo: delivery.photo, distance: meters }, shareKey: null };
    },
    // A photo is in one cell of each size, and a cell is not exactly contained in a larger one. So a photo whose
    // location changed may arrive from two cells.
    dedupKeyOf: ({ photo }) => String(photo.id),
  });
}
