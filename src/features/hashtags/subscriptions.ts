import { timelineChannel } from '../../stores/channel-names.ts';
import type { Stores } from '../../stores/stores.ts';
import type { ClientText } from '../kernel/client-text.ts';
import { deliverPublishedPhoto } from '../live/photo-deliveries.ts';
import { type LiveEvents, subscribe } from '../live/subscribe.ts';
import { hashtagKey } from '../records/feed-keys.ts';
import type { PhotoRow } from '../records/photo-rows.ts';

/**
 * Each new photo with a hashtag that the viewer may see, once.
 *
 * @param after the cursor of the last event that the client has
 * @param signal is aborted when the client leaves
 */
export function subscribeToHashtagPhotos(
  stores: Stores,
  viewerId: bigint | null,
  hashtag: string,
  after: ClientText | null | undefined,
  signal: AbortSignal,
): Promise<LiveEvents<PhotoRow>> {
  return subscribe<PhotoRow>(stores, {
    channels: [timelineChannel(hashtagKey(hashtag))],
    after,
    signal,
    isAnonymous: viewerId === null,
    async onMessage(payload) {
      const delivery = await deliverPublishedPhoto(stores, viewerId, payload);
      if (!delivery?.photo.hashtags.includes(hashtag)) return null;
      return { value: delivery.photo, shareKey: delivery.shareKey };
    },
  });
}
