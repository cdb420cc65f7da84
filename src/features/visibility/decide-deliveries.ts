/**
 * Of what those who listen may be told: the rules of visibility.ts, asked for all who are told something at the same moment.
 */
import { idColumn, sql } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import type { PhotoRow } from '../records/photo-rows.ts';
import { readUsers } from '../records/user-rows.ts';
import { readFollowedHashtags } from './followed-hashtags.ts';
import { noBlockBetween } from './sql-conditions.ts';

/** Something of which a viewer is to be told. */
export interface DeliveryRequest {
  /** Null without a session. */
  viewerId: bigint | null;
  photo: PhotoRow;
  /** Who wrote the comment that they are told of; null when it is not about one. */
  commentAuthorId: bigint | null;
  /** Whether they are told because it is in their home feed, and there by a hashtag and not by whom they follow. */
  inFeed: boolean | ByHashtag;
}

/** A photo is told in each of its hashtags, and of that it is told here. */
export interface ByHashtag {
  hashtag: string;
  /** The hashtags in which it was told at the same time. */
  together: readonly string[];
}

/**
 * Whether it is by this hashtag that a viewer is told of a photo in their home feed: of several that they follow it is the first one, and none when they
 * were told by another one before this was added. So they are told once, wherever their subscription goes on. That by which they would have been
 * told, and which is gone, tells for the others, which did not.
 *
 * @param ways the hashtags of the photo that the viewer follows, sorted
 */
function isDeliveredBy({ hashtag, together }: ByHashtag, ways: readonly string[]): boolean {
  const isFirst = ways[0] === hashtag || (ways.length > 0 && !ways.includes(hashtag));
  return isFirst && ways.every((name) => together.includes(name));
}

/** Whether a viewer is to be told of something. Those between whom and anybody there is a block see other counts and lists than others do. */
export type DeliveryDecision = 'no' | 'yes' | 'yes, with blocks';

/**
 * Whether each of these viewers is to be told of something, at this moment. It says what `maySeePhotos`, `belongInFeed` and `maySeePeople` say, but
 * for moderators, who are told nothing that others are not. As it is asked for all who listen at once, it is one query, however many they are.
 */
export async function decideDeliveries(
  stores: Stores,
  tellings: readonly DeliveryRequest[],
): Promise<DeliveryDecision[]> {
  const ids = new Set<bigint>();
  for (const { photo, commentAuthorId } of tellings) ids.add(photo.ownerId).add(commentAuthorId ?? photo.ownerId);
  const viewers = tellings.flatMap(({ viewerId, photo, inFeed }) =>
    viewerId !== null && inFeed && photo.hashtags.length > 0 ? viewerId : [],
  );
  const [people, hashtags] = await Promise.all([
    readUsers(stores, [...ids]).then((rows) => new Map(rows.map((person) => [person?.id, person]))),
    readFollowedOf(stores, [...new Set(viewers)]),
  ]);
  const pairs = new Pairs();
  const asked = tellings.map(({ viewerId, photo, commentAuthorId, inFeed }) => {
    const owner = people.get(photo.ownerId);
    const author = commentAuthorId === null ? owner : people.get(commentAuthorId);
    if (!owner || !author) return null;
    if (owner.id !== viewerId && (owner.isHidden || photo.status !== 'READY' || photo.isHidden)) return null;
    if (author.id !== viewerId && author.isHidden) return null;
    if (inFeed && (photo.publishedId === null || owner.id === viewerId)) return null;
    // Without a session there is nobody between whom and others anything stands.
    if (viewerId === null) return owner.isPrivate || inFeed ? null : [];
    const ways = photo.hashtags.filter((name) => hashtags.get(viewerId)?.has(name));
    const byHashtag = typeof inFeed === 'object';
    if (byHashtag && !isDeliveredBy(inFeed, ways)) return null;
    const within = pairs.ask(viewerId, owner.id, {
      // Whom they follow no longer may be in their feed by a hashtag, of which nothing was told because they followed them.
      follow: (inFeed === true && ways.length === 0) || (owner.isPrivate && owner.id !== viewerId),
      unmuted: inFeed !== false,
      // Whoever followed the owner when it was shared is told by that.
      notBefore: byHashtag ? (photo.publishedId ?? 0n) : 0n,
    });
    return author === owner ? [within] : [within, pairs.ask(viewerId, author.id, ANYHOW)];
  });
  const answers = await pairs.answer(stores);
  return asked.map((places) => {
    if (!places || places.some((place) => answers[place] === 'no')) return 'no';
    return places.some((place) => answers[place] === 'yes, with blocks') ? 'yes, with blocks' : 'yes';
  });
}

async function readFollowedOf(stores: Stores, viewerIds: readonly bigint[]): Promise<Map<bigint, Set<string>>> {
  const lists = await readFollowedHashtags(stores, viewerIds);
  return new Map(lists.map((names, index) => [viewerIds[index] ?? 0n, names]));
}

/** What must stand between a viewer and another, beside that there is no block. */
interface Wanted {
  /** The viewer must follow the other. */
  follow: boolean;
  /** They must not mute them. */
  unmuted: boolean;
  /** They must not have begun to follow them before this place; 0 when they may. */
  notBefore: bigint;
}

const ANYHOW: Wanted = { follow: false, unmuted: false, notBefore: 0n };

/** Viewers and others, and what must stand between them: each pair is asked of once, however much is told between the two. */
class Pairs {
  readonly #places = new Map<bigint, Map<bigint, number>>();
  readonly #viewers: bigint[] = [];
  readonly #others: bigint[] = [];
  readonly #follow: boolean[] = [];
  readonly #unmuted: boolean[] = [];
  readonly #notBefore: bigint[] = [];

  /** @returns the place of the answer */
  ask(viewerId: bigint, otherId: bigint, { follow, unmuted, notBefore }: Wanted): number {
    let others = this.#places.get(viewerId);
    if (!others) {
      others = new Map();
      this.#places.set(viewerId, others);
    }
    const question = (notBefore << 66n) + otherId * 4n + BigInt((follow ? 2 : 0) + (unmuted ? 1 : 0));
    const known = others.get(question);
    if (known !== undefined) return known;
    const place = this.#viewers.length;
    this.#viewers.push(viewerId);
    this.#others.push(otherId);
    this.#follow.push(follow);
    this.#unmuted.push(unmuted);
    this.#notBefore.push(notBefore);
    others.set(question, place);
    return place;
  }

  async answer({ db }: Stores): Promise<DeliveryDecision[]> {
    const answers = this.#viewers.map((): DeliveryDecision => 'yes');
    if (answers.length === 0) return answers;
    // As text, which costs a tenth of an array of thousands. Mostly everybody may, and nobody has a block: only the others are answered.
    const rows = await db.$queryRaw<{ place: number; allowed: boolean }[]>`
      select (place - 1)::int as place, allowed
      from unnest(
        ${idColumn(this.#viewers)}, ${idColumn(this.#others)},
        string_to_array(${this.#follow.join()}, ',')::boolean[], string_to_array(${this.#unmuted.join()}, ',')::boolean[],
        ${idColumn(this.#notBefore)}
      ) with ordinality pair (viewer_id, other_id, follow, unmuted, not_before, place)
      cross join lateral (
        select ${noBlockBetween(sql`viewer_id`, sql`other_id`)}
          and (not follow or exists (select from follows where follower_id = viewer_id and followee_id = other_id))
          and (not unmuted or not exists (select from mutes where muter_id = viewer_id and muted_id = other_id))
          and (not_before = 0 or not exists (
            select from follows where follower_id = viewer_id and followee_id = other_id and follows.id < not_before
          )) as allowed
      ) judged
      where not allowed
        or exists (select from blocks where blocker_id = viewer_id) or exists (select from blocks where blocked_id = viewer_id)`;
    for (const { place, allowed } of rows) answers[place] = allowed ? 'yes, with blocks' : 'no';
    return answers;
  }
}
