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
import type { PhotoRow } from '../records/photo-rows.ts';
import { readUsers, type UserRow } from '../records/user-rows.ts';
import { readFollowedHashtags } from './followed-hashtags.ts';
import { readBlocks, readFollows, readMutes } from './relations.ts';

/** Reads people by id, in the order of the ids: a request's loader, so that nobody is read twice. */
type LoadUsers = (ids: readonly bigint[]) => Promise<readonly (UserRow | null)[]>;

/** How a viewer stands towards people. */
interface ViewerRelationship {
  person: UserRow;
  /** The viewer is this person. */
  isSelf: boolean;
  /** A block stands between the two. */
  isBlocked: boolean;
  follows: boolean;
}

async function readRelationships(
  stores: Stores,
  viewerId: bigint | null,
  ids: readonly bigint[],
  load: LoadUsers,
): Promise<Map<bigint, ViewerRelationship>> {
  const distinct = [...new Set(ids)];
  const none = async () => distinct.map(() => false);
  const [people, blocks, follows] = await Promise.all([
    load(distinct),
    viewerId === null ? none() : readBlocks(stores, viewerId, distinct),
    viewerId === null ? none() : readFollows(stores, viewerId, distinct),
  ]);
  const standings = new Map<bigint, ViewerRelationship>();
  for (const [index, person] of people.entries()) {
    if (!person) continue;
    const isBlocked = blocks[index] === true;
    standings.set(person.id, { person, isSelf: person.id === viewerId, isBlocked, follows: follows[index] === true });
  }
  return standings;
}

function seesPerson({ person, isSelf, isBlocked }: ViewerRelationship): boolean {
  return isSelf || (!person.isHidden && !isBlocked);
}

function seesWithin(standing: ViewerRelationship): boolean {
  return seesPerson(standing) && (standing.isSelf || !standing.person.isPrivate || standing.follows);
}

function seesPhoto(photo: PhotoRow, owner: ViewerRelationship | undefined): boolean {
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
  const standings = await readRelationships(stores, viewerId, ids, load);
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
  const standings = await readRelationships(stores, viewerId, ids, load);
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
  const standings = await readRelationships(stores, viewerId, owners, load);
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
  const [{ standings, muted }, [hashtags]] = await Promise.all([
    readOwners(stores, viewerId, photos, load),
    readFollowedHashtags(stores, photos.some((photo) => photo.hashtags.length > 0) ? [viewerId] : []),
  ]);
  return photos.map((photo) => {
    const owner = standings.get(photo.ownerId);
    const follows = owner?.follows === true || photo.hashtags.some((hashtag) => hashtags?.has(hashtag));
    const wanted = follows && owner?.isSelf === false && !muted.has(photo.ownerId);
    return wanted && photo.publishedId !== null && seesPhoto(photo, owner);
  });
}

/** Whether each of these photos is one that the viewer may see, of somebody whom they neither follow nor mute nor are. */
export async function areDiscoveries(
  stores: Stores,
  viewerId: bigint | null,
  photos: readonly PhotoRow[],
  load: LoadUsers,
): Promise<boolean[]> {
  const { standings, muted } = await readOwners(stores, viewerId, photos, load);
  return photos.map((photo) => {
    const owner = standings.get(photo.ownerId);
    const isOthers = owner !== undefined && !owner.isSelf && !owner.follows && !muted.has(photo.ownerId);
    return isOthers && seesPhoto(photo, owner);
  });
}

/** How the viewer stands towards the owners of photos, and whom of them they mute. */
async function readOwners(stores: Stores, viewerId: bigint | null, photos: readonly PhotoRow[], load: LoadUsers) {
  const owners = [...new Set(photos.map((photo) => photo.ownerId))];
  const [standings, mutes] = await Promise.all([
    readRelationships(stores, viewerId, owners, load),
    viewerId === null ? [] : readMutes(stores, viewerId, owners),
  ]);
  return { standings, muted: new Set(owners.filter((_, index) => mutes[index])) };
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
 * @param viewerId null without a session
 * @param photo the column with the photo's id, such as sql`activities.photo_id`, or the id
 */
export function photoIsVisible(viewerId: bigint | null, photo: Sql | bigint): Sql {
  return photoIsOpen(viewerId, photo, sql`seen.status = 'READY' and seen.hidden_at is null`);
}

/** @param shown what of the photo itself must hold for others than its owner */
function photoIsOpen(viewerId: bigint | null, photo: Sql | bigint, shown: Sql): Sql {
  const open =
    viewerId === null
      ? sql`${shown} and not owner.is_hidden and not owner.is_private`
      : sql`(owner.id = ${viewerId} or (
          ${shown} and not owner.is_hidden and ${noBlock(viewerId, sql`owner.id`)}
          and (not owner.is_private
            or exists (select from follows where follower_id = ${viewerId} and followee_id = owner.id))
        ))`;
  return sql`exists (
    select from photos seen join users owner on owner.id = seen.owner_id where seen.id = ${photo} and ${open}
  )`;
}

/** Photos of a place that are looked at for one that the viewer may see. */
const PLACE_LOOKED_AT = 100;

/** The condition that the viewer may see a place, the row of `places`: that they may see one of its newest photos. Its name and point are of these. */
export function placeIsVisible(viewerId: bigint | null): Sql {
  return hasPhoto(photoIsVisible(viewerId, sql`newest.photo_id`));
}

/** The condition that a place may become one of the viewer's photos too: that they may see one of its newest photos, or will when it is READY. */
export function placeIsOpen(viewerId: bigint): Sql {
  return hasPhoto(photoIsOpen(viewerId, sql`newest.photo_id`, sql`seen.hidden_at is null`));
}

function hasPhoto(condition: Sql): Sql {
  return sql`exists (
    select from (
      select photo_id from photo_locations where place_id = places.id order by published_id desc limit ${PLACE_LOOKED_AT}::int
    ) newest where ${condition}
  )`;
}

/** The condition that there is no block between two people, whoever of them made it. */
export function noBlock(viewerId: Sql | bigint, person: Sql): Sql {
  return sql`not exists (select from blocks where blocker_id = ${viewerId} and blocked_id = ${person})
    and not exists (select from blocks where blocker_id = ${person} and blocked_id = ${viewerId})`;
}

/** The people with a block between them and the viewer, as a query with the column `id`. */
export function blockedPeople(viewerId: bigint): Sql {
  return sql`(select blocked_id as id from blocks where blocker_id = ${viewerId}
    union select blocker_id from blocks where blocked_id = ${viewerId})`;
}
