/**
 * The name of every channel on which Darkroom publishes. Each begins with `live:`, and its hash tag keeps a channel, its stream and what
 * belongs to it on one node of a Redis Cluster.
 */
import { personKey } from './redis.ts';

/** Signals that somebody sees something else than before, or shows it to others. */
export function accessChannel(personId: bigint): string {
  return `live:${personKey('access', personId)}`;
}

/** The ids of a person's sessions, published as they end. */
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

/** New photos that were taken within an H3 cell. @param cell as H3 writes it */
export function cellChannel(cell: string): string {
  return `live:{cell:${cell}}`;
}

/** New entries of a timeline. @param key the Redis key of the timeline, on which stores/timelines.ts publishes too */
export function timelineChannel(key: string): string {
  return `live:${key}`;
}
