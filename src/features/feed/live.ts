import type { Stores } from '../../stores/stores.ts';
import { readUsers } from '../accounts/users.ts';
import { follow, type LiveEvent } from '../live/follow.ts';
import { maySeePhotos, maySeeWithin } from '../people/visibility.ts';
import { type PhotoRow, readPhotos } from '../photos/rows.ts';
import type { FeedMessage } from './fan-out.ts';
import { readHeavyAuthors } from './heavy-authors.ts';
import { applyRules, type PublishedPhoto } from './home-feed.ts';
import { authorKey, feedKey, liveChannel } from './keys.ts';

/** A photo that arrives, or that something may have been missed. */
export type ArrivingPhoto = LiveEvent<PublishedPhoto>;

/** A photo is told in two streams when its author becomes heavy with it: this many of the last are remembered to leave that out. */
const REMEMBERED = 1_000;

/**
 * Each photo as it arrives in a person's home feed, once.
 *
 * Photos of ordinary authors are told in the stream of the viewer's own feed; those of heavy authors, in one stream per author. Of an author
 * who is followed only now, or becomes heavy, the client may have missed something, and is told so.
 *
 * @param after the cursor of the last event that the client has had
 */
export async function followHomeFeed(
  stores: Stores,
  viewerId: bigint,
  after: string | null | undefined,
): Promise<AsyncGenerator<ArrivingPhoto, void, void>> {
  const authorChannels = async () => {
    const authors = await readHeavyAuthors(stores, viewerId);
    return authors.map((author) => liveChannel(authorKey(author)));
  };
  const load = {
    photos: (ids: readonly bigint[]) => readPhotos(stores, ids),
    users: (ids: readonly bigint[]) => readUsers(stores, ids),
  };
  const told = new Set<string>();
  const channels = [liveChannel(feedKey(viewerId)), ...(await authorChannels())] as [string, ...string[]];
  const { events } = await follow<PublishedPhoto>(stores, channels, after, async (payload, following) => {
    const message = JSON.parse(payload) as FeedMessage;
    if (message.authorsChanged) for (const channel of await authorChannels()) await following.add(channel);
    if (!('photoId' in message) || told.has(message.photoId)) return null;
    const place = { publishedId: BigInt(message.publishedId), photoId: BigInt(message.photoId) };
    const [photo] = await applyRules(stores, viewerId, [place], load);
    if (!photo) return null;
    told.add(message.photoId);
    const [oldest] = told;
    if (told.size > REMEMBERED && oldest !== undefined) told.delete(oldest);
    return photo;
  });
  return events;
}

/**
 * Each new photo of a person that the viewer may see, once; it ends when they may not see into the person's account any more.
 *
 * @param after the cursor of the last event that the client has had
 * @returns null when the viewer may not see into the person's account
 */
export async function followUserPhotos(
  stores: Stores,
  viewerId: bigint | null,
  userId: bigint,
  after: string | null | undefined,
): Promise<AsyncGenerator<ArrivingPhoto, void, void> | null> {
  const [may] = await maySeeWithin(stores, viewerId, [userId]);
  if (!may) return null;
  const channel = liveChannel(authorKey(userId));
  const { events } = await follow<PublishedPhoto>(stores, [channel], after, async (payload, following) => {
    const { photoId } = JSON.parse(payload) as { photoId?: string };
    if (photoId === undefined) {
      const [still] = await maySeeWithin(stores, viewerId, [userId]);
      if (!still) await following.events.return();
      return null;
    }
    const [photo] = await readPhotos(stores, [BigInt(photoId)]);
    if (!photo || !isPublished(photo)) return null;
    const [visible] = await maySeePhotos(stores, viewerId, [photo]);
    return visible ? photo : null;
  });
  return events;
}

function isPublished(photo: PhotoRow): photo is PublishedPhoto {
  return photo.publishedId !== null;
}
