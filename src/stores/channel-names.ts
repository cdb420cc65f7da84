/**
 * The names of all pub/sub channels. Every name begins with `live:`. Its hash tag keeps a channel, its stream and the
 * keys beside the stream on one node of a Redis Cluster.
 */
import { personKey } from './redis.ts';

/** Whether a text is written as a channel name is. The channel need not exist. */
export function isChannelName(text: string): boolean {
  return text.startsWith('live:');
}

/** Signals that a person may see other things than before, or shows them to other people. */
export function accessChannel(personId: bigint): string {
  return `live:${personKey('access', personId)}`;
}

/** The ids of a person's sessions, published as the sessions end. */
export function sessionsChannel(userId: bigint): string {
  return `live:${personKey('sessions', userId)}`;
}

/** New entries of a person's activity list. */
export function activityChannel(personId: bigint): string {
  return `live:${personKey('activity', personId)}`;
}

/** Changes of a photo, and its new comments. */
export function photoChannel(photoId: bigint): string {
  return `live:{photo:${photoId}}`;
}

/** New photos taken within an H3 cell. @param cell as H3 writes it */
export function cellChannel(cell: string): string {
  return `live:{cell:${cell}}`;
}

/**
 * New entries of a timeline.
 *
 * @param key the Redis key of the timeline; stores/timelines.ts publishes on this channel too
 */
export function timelineChannel(key: string): string {
  return `live:${key}`;
}
