/**
 * The Redis keys that home feeds are read from and written to. Nodes of different versions share them, so they stay the
 * same.
 */
import { personKey } from '../../stores/redis.ts';

/** A person's home feed: the photos that fan-out on write pushed to it. */
export function feedKey(viewerId: bigint): string {
  return personKey('feed', viewerId);
}

/** The photos of a pulled author: one above FEED_PUSH_LIMIT followers, whose photos are read by fan-out on read. */
export function authorKey(authorId: bigint): string {
  return personKey('author', authorId);
}

/** The pulled authors whom a person follows. */
export function pulledAuthorsKey(viewerId: bigint): string {
  return personKey('heavy', viewerId);
}

/** The photos with a hashtag. */
export function hashtagKey(hashtag: string): string {
  return `hashtag:{${hashtag}}`;
}

/** The hashtags that a person follows. */
export function followedHashtagsKey(userId: bigint): string {
  return personKey('hashtags', userId);
}
