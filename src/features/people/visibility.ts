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
import { type Sql, sql } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { readUsers, type UserRow } from '../accounts/users.ts';
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

/** Whether each of these photos belongs in the viewer's home feed: one that they may see, of somebody whom they follow and do not mute. */
export async function belongInFeed(
  stores: Stores,
  viewerId: bigint,
  photos: readonly PhotoRow[],
  load: LoadUsers = (missing) => readUsers(stores, missing),
): Promise<boolean[]> {
  const owners = [...new Set(photos.map((photo) => photo.ownerId))];
  const [standings, mutes] = await Promise.all([
    readStandings(stores, viewerId, owners, load),
    readMutes(stores, viewerId, owners),
  ]);
  const muted = new Set(owners.filter((_, index) => mutes[index]));
  return photos.map((photo) => {
    const owner = standings.get(photo.ownerId);
    const wanted = owner?.follows === true && !muted.has(photo.ownerId);
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
  photoId: bigint;
  /** A comment on the photo, when it is what they are told of. */
  commentId: bigint | null;
  /** Whether they are told because it is in their home feed. */
  inFeed: boolean;
}

/** Whether a viewer is to be told of something. Those between whom and anybody there is a block see other counts and lists than others do. */
export type MayBeTold = 'no' | 'yes' | 'yes, with blocks';

/** No person has this id. */
const NOBODY = 0n;

/**
 * Whether each of these viewers is to be told of something, at this moment: as it is asked for all who listen at once, it is one query,
 * however many they are. It says what `maySeePhotos`, `belongInFeed` and `personIsVisible` say.
 */
export async function mayBeTold({ db }: Stores, tellings: readonly Telling[]): Promise<MayBeTold[]> {
  const viewers = tellings.map(({ viewerId }) => viewerId ?? NOBODY);
  const photos = tellings.map(({ photoId }) => photoId);
  const comments = tellings.map(({ commentId }) => commentId ?? NOBODY);
  const feeds = tellings.map(({ inFeed }) => inFeed);
  // Mostly everybody may, and nobody has a block: only the others are answered.
  const rows = await db.$queryRaw<{ place: number; allowed: boolean }[]>`
    select (place - 1)::int as place, allowed
    from unnest(${viewers}::bigint[], ${photos}::bigint[], ${comments}::bigint[], ${feeds}::boolean[])
      with ordinality telling (viewer_id, photo_id, comment_id, in_feed, place)
    cross join lateral (
      select ${photoIsVisible(sql`telling.viewer_id`, sql`telling.photo_id`)}
        and (not in_feed or exists (
          select from follows join photos on photos.owner_id = followee_id
          where follower_id = viewer_id and photos.id = photo_id
            and not exists (select from mutes where muter_id = viewer_id and muted_id = owner_id)
        ))
        and (comment_id = ${NOBODY} or exists (
          select from comments where comments.photo_id = telling.photo_id and comments.id = comment_id
            and ${personIsVisible(sql`telling.viewer_id`, sql`comments.author_id`)}
        )) as allowed
    ) judged
    where not allowed
      or exists (select from blocks where blocker_id = viewer_id) or exists (select from blocks where blocked_id = viewer_id)`;
  const answers = tellings.map((): MayBeTold => 'yes');
  for (const { place, allowed } of rows) answers[place] = allowed ? 'yes, with blocks' : 'no';
  return answers;
}

/**
 * The condition that the viewer may see a person.
 *
 * @param person the column with the person's id, such as sql`likes.user_id`
 */
export function personIsVisible(viewerId: Sql | bigint | null, person: Sql): Sql {
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
 * @param viewerId nobody's id for a viewer without a session
 * @param photo the column with the photo's id, such as sql`activities.photo_id`, or the id
 */
export function photoIsVisible(viewerId: Sql | bigint, photo: Sql | bigint): Sql {
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
