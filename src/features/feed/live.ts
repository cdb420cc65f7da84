import type { Stores } from '../../stores/stores.ts';
import { readUsers } from '../accounts/users.ts';
import { listen, mapMessages } from '../live/listen.ts';
import { readPhotos } from '../photos/rows.ts';
import type { FeedMessage } from './fan-out.ts';
import { readHeavyAuthors } from './heavy-authors.ts';
import { applyRules, type PublishedPhoto } from './home-feed.ts';
import { authorKey, feedKey, liveChannel } from './keys.ts';

/** A fan-out that was repeated tells of a photo again: this many of the last are remembered to leave that out. */
const REMEMBERED = 1_000;

/**
 * Each photo as it arrives in a person's home feed, once.
 *
 * Photos of ordinary authors are told on the channel of the viewer's own feed; those of heavy authors, on one channel per author.
 */
export async function followHomeFeed(
  stores: Stores,
  viewerId: bigint,
): Promise<AsyncGenerator<PublishedPhoto, void, void>> {
  const { messages, add } = await listen(stores.pubsub, liveChannel(feedKey(viewerId)));
  const addAuthors = async () => {
    const authors = await readHeavyAuthors(stores, viewerId);
    await Promise.all(authors.map((author) => add(liveChannel(authorKey(author)))));
  };
  await addAuthors().catch(async (error) => {
    await messages.return();
    throw error;
  });

  const told = new Set<string>();
  return mapMessages<PublishedPhoto>(messages, null, async (text) => {
    const message = JSON.parse(text) as FeedMessage;
    if (message.authorsChanged) await addAuthors();
    if (!('photoId' in message) || told.has(message.photoId)) return null;
    const place = { publishedId: BigInt(message.publishedId), photoId: BigInt(message.photoId) };
    const [photo] = await applyRules(stores, viewerId, [place], {
      photos: (ids) => readPhotos(stores, ids),
      users: (ids) => readUsers(stores, ids),
    });
    if (!photo) return null;
    told.add(message.photoId);
    const [oldest] = told;
    if (told.size > REMEMBERED && oldest !== undefined) told.delete(oldest);
    return { value: photo };
  });
}
