/**
 * Who may see what. Every path that hands out a photo, a person, a comment or an event asks here: as a predicate on a whole batch of
 * rows, or, where a page is read by SQL, as a condition of the query, so that the page stays full. Both say the same:
 *
 * - Of a hidden person (suspended, deactivated, being deleted) nobody sees anything.
 * - Two people between whom there is a block, whoever made it, see nothing of each other.
 * - What is within a private account (its photos and all that is about them, its followers, whom it follows) is for its followers.
 * - A photo that is not READY, or that moderators have hidden, is for its owner.
 * - Moderators also see what has been reported and what they have hidden. That is not part of the conditions: it opens single things, and
 *   puts nothing into a list.
 */
import { idColumn, type Sql, sql } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { readUsers, type UserRow } from '../accounts/users.ts';
import { readFollowedHashtags } from '../discovery/hashtag-follows.ts';
import type { PhotoRow } from '../photos/rows.ts';
import { readBlocks, readFollows, readMutes } from './relations.ts';

/** Reads people by id, in the order of the ids: a request's loader, so that nobody is read twice. */
type LoadUsers = (ids: readonly bigint[]) => Promise<readonly (UserRow | null)[]>;

/** How a viewer stands towards people. */
interface Standing {
  person: UserRow;
  /** The viewer is this person. */
  isSelf: boolean;
  /** A block stands between the two. */
  isBlocked: boolean;
  follows: boolean;
}

async function readStandings(
  stores: Stores,
  viewerId: bigint | null,
  ids: readonly bigint[],
  load: LoadUsers,
): Promise<Map<bigint, Standing>> {
  const distinct = [...new Set(ids)];
  const none = async () => distinct.map(() => false);
  const [people, blocks, follows] = await Promise.all([
    load(distinct),
    viewerId === null ? none() : readBlocks(stores, viewerId, distinct),
    viewerId === null ? none() : readFollows(stores, viewerId, distinct),
  ]);
  const standings = new Map<bigint, Standing>();
  for (const [index, person] of people.entries()) {
    if (!person) continue;
    const isBlocked = blocks[index] === true;
    standings.set(person.id, { person, isSelf: person.id === viewerId, isBlocked, follows: follows[index] === true });
  }
  return standings;
}

function seesPerson({ person, isSelf, isBlocked }: Standing): boolean {
  return isSelf || (!person.isHidden && !isBlocked);
}

function seesWithin(standing: Standing): boolean {
  return seesPerson(standing) && (standing.isSelf || !standing.person.isPrivate || standing.follows);
}

function seesPhoto(photo: PhotoRow, owner: Standing | undefined): boolean {
  if (!owner) return false;
  return owner.isSelf || (photo.status === 'READY' && !photo.isHidden && seesWithin(owner));
}

/**
 * Whether the viewer may see each of these people, in the order of the ids; false for who does not exist.
 *
 * @param viewerId null without a session
 */
export async function maySeePeople(
  stores: Stores,
  viewerId: bigint | null,
  ids: readonly bigint[],
  load: LoadUsers = (missing) => readUsers(stores, missing),
): Promise<boolean[]> {
  const standings = await readStandings(stores, viewerId, ids, load);
  const denied: bigint[] = [];
  for (const [id, standing] of standings) if (!seesPerson(standing)) denied.push(id);
  const opened = await reportedPeople(stores, viewerId, denied, load);
  return ids.map((id) => {
    const standing = standings.get(id);
    return standing !== undefined && (seesPerson(standing) || opened.has(id));
  });
}

/** Whether the viewer may see what is within each of these people's accounts, in the order of the ids. */
export async function maySeeWithin(
  stores: Stores,
  viewerId: bigint | null,
  ids: readonly bigint[],
  load: LoadUsers = (missing) => readUsers(stores, missing),
): Promise<boolean[]> {
  const standings = await readStandings(stores, viewerId, ids, load);
  return ids.map((id) => {
    const standing = standings.get(id);
    return standing !== undefined && seesWithin(standing);
  });
}

/** Whether the viewer may see each of these photos. @param viewerId null without a session */
export async function maySeePhotos(
  stores: Stores,
  viewerId: bigint | null,
  photos: readonly PhotoRow[],
  load: LoadUsers = (missing) => readUsers(stores, missing),
): Promise<boolean[]> {
  const sees = await mayTakePart(stores, viewerId, photos, load);
  const denied = photos.filter((_, index) => !sees[index]);
  const opened = await reportedPhotos(stores, viewerId, denied, load);
  return photos.map((photo, index) => sees[index] === true || opened.has(photo.id));
}

/** Whether the viewer may like these photos and write about them: those that they see as anybody does, not as a moderator. */
export async function mayTakePart(
  stores: Stores,
  viewerId: bigint | null,
  photos: readonly PhotoRow[],
  load: LoadUsers = (missing) => readUsers(stores, missing),
): Promise<boolean[]> {
  const owners = photos.map((photo) => photo.ownerId);
  const standings = await readStandings(stores, viewerId, owners, load);
  return photos.map((photo) => seesPhoto(photo, standings.get(photo.ownerId)));
}

/**
 * Whether each of these photos belongs in the viewer's home feed: one of others that they may see, of somebody whom they follow or with a hashtag
 * that they follow, and in any case of nobody whom they mute.
 */
export async function belongInFeed(
  stores: Stores,
  viewerId: bigint,
  photos: readonly PhotoRow[],
  load: LoadUsers = (missing) => readUsers(stores, missing),
): Promise<boolean[]> {
  const owners = [...new Set(photos.map((photo) => photo.ownerId))];
  const [standings, mutes, [hashtags]] = await Promise.all([
    readStandings(stores, viewerId, owners, load),
    readMutes(stores, viewerId, owners),
    readFollowedHashtags(stores, photos.some((photo) => photo.hashtags.length > 0) ? [viewerId] : []),
  ]);
  const muted = new Set(owners.filter((_, index) => mutes[index]));
  return photos.map((photo) => {
    const owner = standings.get(photo.ownerId);
    const follows = owner?.follows === true || photo.hashtags.some((hashtag) => hashtags?.has(hashtag));
    const wanted = follows && owner?.isSelf === false && !muted.has(photo.ownerId);
    return wanted && photo.publishedId !== null && seesPhoto(photo, owner);
  });
}

/** Of photos that the viewer may not see, those that moderators have to judge, when the viewer is one. */
async function reportedPhotos(
  stores: Stores,
  viewerId: bigint | null,
  photos: readonly PhotoRow[],
  load: LoadUsers,
): Promise<Set<bigint>> {
  if (photos.length === 0 || !(await isModerator(viewerId, load))) return new Set();
  const ids = photos.map((photo) => photo.id);
  const rows = await stores.db.$queryRaw<{ id: bigint }[]>`
    select id from photos
    where id = any(${ids}::bigint[]) and status = 'READY'
      and (hidden_at is not null or exists (select from reports where photo_id = photos.id))
      and not exists (select from users where users.id = owner_id and deleting_at is not null)`;
  return new Set(rows.map((row) => row.id));
}

/** Of people whom the viewer may not see, those whom moderators have to judge, when the viewer is one. */
async function reportedPeople(
  stores: Stores,
  viewerId: bigint | null,
  ids: readonly bigint[],
  load: LoadUsers,
): Promise<Set<bigint>> {
  if (ids.length === 0 || !(await isModerator(viewerId, load))) return new Set();
  const rows = await stores.db.$queryRaw<{ id: bigint }[]>`
    select id from users
    where id = any(${[...ids]}::bigint[]) and deleting_at is null
      and (suspended_at is not null or exists (select from reports where user_id = users.id))`;
  return new Set(rows.map((row) => row.id));
}

async function isModerator(viewerId: bigint | null, load: LoadUsers): Promise<boolean> {
  if (viewerId === null) return false;
  const [viewer] = await load([viewerId]);
  return viewer?.isModerator === true;
}

/** Something of which a viewer is to be told. */
export interface Telling {
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
function isToldBy({ hashtag, together }: ByHashtag, ways: readonly string[]): boolean {
  const isFirst = ways[0] === hashtag || (ways.length > 0 && !ways.includes(hashtag));
  return isFirst && ways.every((name) => together.includes(name));
}

/** Whether a viewer is to be told of something. Those between whom and anybody there is a block see other counts and lists than others do. */
export type MayBeTold = 'no' | 'yes' | 'yes, with blocks';

/**
 * Whether each of these viewers is to be told of something, at this moment. It says what `maySeePhotos`, `belongInFeed` and `maySeePeople` say, but
 * for moderators, who are told nothing that others are not. As it is asked for all who listen at once, it is one query, however many they are.
 */
export async function mayBeTold(stores: Stores, tellings: readonly Telling[]): Promise<MayBeTold[]> {
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
    if (byHashtag && !isToldBy(inFeed, ways)) return null;
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

  async answer({ db }: Stores): Promise<MayBeTold[]> {
    const answers = this.#viewers.map((): MayBeTold => 'yes');
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
        select ${noBlock(sql`viewer_id`, sql`other_id`)}
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

/**
 * The condition that the viewer may see a person.
 *
 * @param person the column with the person's id, such as sql`likes.user_id`
 */
export function personIsVisible(viewerId: bigint | null, person: Sql): Sql {
  const shown = sql`not exists (select from users hidden where hidden.id = ${person} and hidden.is_hidden)`;
  return viewerId === null ? shown : sql`(${shown} and ${noBlock(viewerId, person)})`;
}

/** The condition that the viewer is to be told of what a person does: they see and do not mute them. */
export function personIsWanted(viewerId: bigint, person: Sql): Sql {
  return sql`(${personIsVisible(viewerId, person)}
    and not exists (select from mutes where muter_id = ${viewerId} and muted_id = ${person}))`;
}

/**
 * The condition that the viewer may see a photo.
 *
 * @param viewerId null for what everybody may see
 * @param photo the column with the photo's id, such as sql`activities.photo_id`, or the id
 */
export function photoIsVisible(viewerId: bigint | null, photo: Sql | bigint): Sql {
  if (viewerId === null) {
    return sql`exists (
      select from photos seen join users owner on owner.id = seen.owner_id
      where seen.id = ${photo} and seen.status = 'READY' and seen.hidden_at is null and not owner.is_hidden and not owner.is_private
    )`;
  }
  return sql`exists (
    select from photos seen join users owner on owner.id = seen.owner_id
    where seen.id = ${photo} and (owner.id = ${viewerId} or (
      seen.status = 'READY' and seen.hidden_at is null and not owner.is_hidden and ${noBlock(viewerId, sql`owner.id`)}
      and (not owner.is_private
        or exists (select from follows where follower_id = ${viewerId} and followee_id = owner.id))
    ))
  )`;
}

function noBlock(viewerId: Sql | bigint, person: Sql): Sql {
  return sql`not exists (select from blocks where blocker_id = ${viewerId} and blocked_id = ${person})
    and not exists (select from blocks where blocker_id = ${person} and blocked_id = ${viewerId})`;
}

/** The people with a block between them and the viewer, as a query with the column `id`. */
export function blockedPeople(viewerId: bigint): Sql {
  return sql`(select blocked_id as id from blocks where blocker_id = ${viewerId}
    union select blocker_id from blocks where blocked_id = ${viewerId})`;
}
