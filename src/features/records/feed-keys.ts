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
export function pulledAuthorsKey(viewerId: bigint): string {
  return personKey('heavy', viewerId);
}

/** The photos with a hashtag. */
export function hashtagKey(hashtag: string): string {
  return `hashtag:{${hashtag}}`;
}

/** The list of hashtags that a person follows. */
export function followedHashtagsKey(userId: bigint): string {
  return personKey('hashtags', userId);
}
