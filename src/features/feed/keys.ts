import { personKey } from '../../stores/redis.ts';

/** A person's home feed: the photos that were pushed to them. */
export function feedKey(viewerId: bigint): string {
  return personKey('feed', viewerId);
}

/** The own photos of an author with too many followers to push to. */
export function authorKey(authorId: bigint): string {
  return personKey('author', authorId);
}

/** The list of such authors whom a person follows. */
export function heavyKey(viewerId: bigint): string {
  return personKey('heavy', viewerId);
}

/** The channel on which a list's new photos are told; stores/timelines.ts publishes on it. */
export function liveChannel(timelineKey: string): string {
  return `live:${timelineKey}`;
}

/** The photos with a hashtag. */
export function hashtagKey(hashtag: string): string {
  return `hashtag:{${hashtag}}`;
}

/** The list of hashtags that a person follows. */
export function followedHashtagsKey(userId: bigint): string {
  return personKey('hashtags', userId);
}
