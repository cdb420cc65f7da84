/**
 * Which subscribers receive an event about a photo: the rules of rules.ts, checked for all subscribers of one moment in
 * one query.
 */
import { idColumn, sql } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import type { PhotoRow } from '../records/photo-rows.ts';
import { readUsers } from '../records/user-rows.ts';
import { readFollowedHashtags } from './followed-hashtags.ts';
import { noBlockBetween } from './sql-conditions.ts';

/** An event that may be delivered to a viewer. */
export interface DeliveryRequest {
  /** Null without a session. */
  viewerId: bigint | null;
  photo: PhotoRow;
  /** The author of the comment that the event is about; null when it is about the photo alone. */
  commentAuthorId: bigint | null;
  /**
   * Why the photo is in the viewer's home feed: true for the people they follow, or a hashtag. False for other
   * subscriptions.
   */
  inFeed: boolean | ByHashtag;
}

/** A photo is published on the channel of each of its hashtags. This is the channel that the event came from. */
export interface ByHashtag {
  hashtag: string;
  /** All hashtags on whose channels the photo was published at the same time, this one included. */
  together: readonly string[];
  /** The hashtags that the photo had before, on whose channels it was published earlier. */
  earlier?: readonly string[];
}

/**
 * - `DENIED`: the viewer may not receive the event.
 * - `SHARED`: they receive what everybody receives, so that one execution can serve all of them.
 * - `PERSONALIZED`: they receive it, but a block exists between them and somebody, so their counts and lists differ.
 */
export type DeliveryDecision = 'DENIED' | 'SHARED' | 'PERSONALIZED';

/**
 * Whether this hashtag's channel is the one that delivers a photo to a home feed. A photo with several followed
 * hashtags arrives on several channels, and a client that reconnects remembers only its cursor. So the choice depends
 * on the event and not on hashtags that the photo got or lost since: of the hashtags of the event, the first followed
 * one delivers, unless the photo was published earlier with another followed hashtag, which delivered it then. A
 * hashtag that the viewer has unfollowed since still delivers, because the others left the photo to it.
 *
 * @param follows the hashtags that the viewer follows
 */
function isDeliveredBy({ hashtag, together, earlier = [] }: ByHashtag, follows: ReadonlySet<string>): boolean {
  if (earlier.some((name) => follows.has(name))) return false;
  const [first] = together.filter((name) => follows.has(name)).sort();
  return first === hashtag || !follows.has(hashtag);
}

/**
 * Decides for each request whether its viewer receives the event now. The answers agree with `maySeePhotos`,
 * `belongInFeed` and `maySeePeople`, except that moderators get no extra access. Two cached reads and one SQL query,
 * however many the requests are.
 *
 * @returns in the order of the requests
 */
export async function decideDeliveries(
  stores: Stores,
  requests: readonly DeliveryRequest[],
): Promise<DeliveryDecision[]> {
  const [people, followedHashtags] = await Promise.all([
    readPeopleOf(stores, requests),
    readFollowedHashtagsOf(stores, requests),
  ]);
  const pairs = new ViewerPairs();
  const pairsOfRequest = requests.map(({ viewerId, photo, commentAuthorId, inFeed }) => {
    const owner = people.get(photo.ownerId);
    const author = commentAuthorId === null ? owner : people.get(commentAuthorId);
    if (!owner || !author) return null;
    if (owner.id !== viewerId && (owner.isHidden || photo.status !== 'READY' || photo.isHidden)) return null;
    if (author.id !== viewerId && author.isHidden) return null;
    if (inFeed && (photo.publishedId === null || owner.id === viewerId)) return null;
    // A viewer without a session has no relations, so nothing is left to read.
    if (viewerId === null) return owner.isPrivate || inFeed ? null : [];
    const follows = followedHashtags.get(viewerId) ?? new Set();
    const followed = photo.hashtags.filter((name) => follows.has(name));
    const byHashtag = typeof inFeed === 'object';
    if (byHashtag && (followed.length === 0 || !isDeliveredBy(inFeed, follows))) return null;
    const withOwner = pairs.add(viewerId, owner.id, {
      // The author's channel delivers also to a viewer who unfollowed since, if they follow one of the photo's
      // hashtags: the hashtag's channel did not deliver, because they followed the author then.
      mustFollow: (inFeed === true && followed.length === 0) || (owner.isPrivate && owner.id !== viewerId),
      mustNotMute: inFeed !== false,
      // Whoever followed the owner before the photo was published receives it from the owner's channel.
      notFollowedBefore: byHashtag ? (photo.publishedId ?? 0n) : 0n,
    });
    return author === owner ? [withOwner] : [withOwner, pairs.add(viewerId, author.id, NO_CONDITIONS)];
  });
  const decisions = await pairs.decide(stores);
  return pairsOfRequest.map((indexes) => {
    if (!indexes || indexes.some((index) => decisions[index] === 'DENIED')) return 'DENIED';
    return indexes.some((index) => decisions[index] === 'PERSONALIZED') ? 'PERSONALIZED' : 'SHARED';
  });
}

/** The photos' owners and the comments' authors, by id. */
async function readPeopleOf(stores: Stores, requests: readonly DeliveryRequest[]) {
  const ids = new Set<bigint>();
  for (const { photo, commentAuthorId } of requests) ids.add(photo.ownerId).add(commentAuthorId ?? photo.ownerId);
  const rows = await readUsers(stores, [...ids]);
  return new Map(rows.map((person) => [person?.id, person]));
}

/** The hashtags that viewers follow, for those viewers whose decision depends on them. */
async function readFollowedHashtagsOf(
  stores: Stores,
  requests: readonly DeliveryRequest[],
): Promise<Map<bigint, Set<string>>> {
  const viewerIds = new Set<bigint>();
  for (const { viewerId, photo, inFeed } of requests) {
    if (viewerId !== null && inFeed && photo.hashtags.length > 0) viewerIds.add(viewerId);
  }
  const ids = [...viewerIds];
  const followed = await readFollowedHashtags(stores, ids);
  return new Map(ids.map((id, index) => [id, followed[index] ?? new Set()]));
}

/** What must hold between a viewer and another person, besides that neither blocks the other. */
interface PairConditions {
  /** The viewer follows the other. */
  mustFollow: boolean;
  /** The viewer does not mute the other. */
  mustNotMute: boolean;
  /** The viewer did not follow the other before this id was made; 0 for no condition. */
  notFollowedBefore: bigint;
}

const NO_CONDITIONS: PairConditions = { mustFollow: false, mustNotMute: false, notFollowedBefore: 0n };

/** Distinct pairs of a viewer and another person with their conditions, as the columns of one query. */
class ViewerPairs {
  readonly #indexes = new Map<bigint, Map<bigint, number>>();
  readonly #viewers: bigint[] = [];
  readonly #others: bigint[] = [];
  readonly #mustFollow: boolean[] = [];
  readonly #mustNotMute: boolean[] = [];
  readonly #notFollowedBefore: bigint[] = [];

  /** Adds a pair unless it is there with the same conditions. @returns its index in the decisions */
  add(viewerId: bigint, otherId: bigint, { mustFollow, mustNotMute, notFollowedBefore }: PairConditions): number {
    let indexes = this.#indexes.get(viewerId);
    if (!indexes) {
      indexes = new Map();
      this.#indexes.set(viewerId, indexes);
    }
    const key = (notFollowedBefore << 66n) + otherId * 4n + BigInt((mustFollow ? 2 : 0) + (mustNotMute ? 1 : 0));
    const known = indexes.get(key);
    if (known !== undefined) return known;
    const index = this.#viewers.length;
    this.#viewers.push(viewerId);
    this.#others.push(otherId);
    this.#mustFollow.push(mustFollow);
    this.#mustNotMute.push(mustNotMute);
    this.#notFollowedBefore.push(notFollowedBefore);
    indexes.set(key, index);
    return index;
  }

  async decide({ db }: Stores): Promise<DeliveryDecision[]> {
    const decisions = this.#viewers.map((): DeliveryDecision => 'SHARED');
    if (decisions.length === 0) return decisions;
    // Columns as text cost a tenth of arrays of thousands. Most viewers are allowed and have no block: only the others
    // come back.
    const rows = await db.$queryRaw<{ index: number; allowed: boolean }[]>`
      select (index - 1)::int as index, allowed
      from unnest(
        ${idColumn(this.#viewers)}, ${idColumn(this.#others)},
        string_to_array(${this.#mustFollow.join()}, ',')::boolean[],
        string_to_array(${this.#mustNotMute.join()}, ',')::boolean[],
        ${idColumn(this.#notFollowedBefore)}
      ) with ordinality pair (viewer_id, other_id, must_follow, must_not_mute, not_before, index)
      cross join lateral (
        select ${noBlockBetween(sql`viewer_id`, sql`other_id`)}
          and (not must_follow or exists (select from follows where follower_id = viewer_id and followee_id = other_id))
          and (not must_not_mute or not exists (select from mutes where muter_id = viewer_id and muted_id = other_id))
          and (not_before = 0 or not exists (
            select from follows where follower_id = viewer_id and followee_id = other_id and follows.id < not_before
          )) as allowed
      ) judged
      where not allowed
        or exists (select from blocks where blocker_id = viewer_id)
        or exists (select from blocks where blocked_id = viewer_id)`;
    for (const { index, allowed } of rows) decisions[index] = allowed ? 'PERSONALIZED' : 'DENIED';
    return decisions;
  }
}
