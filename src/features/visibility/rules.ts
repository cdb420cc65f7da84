/**
 * Who may see what. Every path that returns a photo, a person, a comment or an event checks it here, as a predicate on
 * a whole batch of rows, or with a condition of sql-conditions.ts, so that SQL reads full pages. Both say the same:
 *
 * - Nobody sees anything of a hidden person (suspended, deactivated, being deleted).
 * - Two people see nothing of each other while one of them blocks the other.
 * - Only followers see the contents of a private account: its photos with their likes and comments, its followers, and
 *   the people it follows.
 * - Only the owner sees a photo that is not READY or that moderators have hidden.
 * - Moderators also see what has been reported and what they have hidden. Only the predicates say this: it opens single
 *   things and adds nothing to a list, so it is no part of the SQL conditions.
 */
import type { Stores } from '../../stores/stores.ts';
import type { PhotoRow } from '../records/photo-rows.ts';
import { readUsers, type UserRow } from '../records/user-rows.ts';
import { readFollowedHashtags } from './followed-hashtags.ts';
import { readBlocks, readFollows, readMutes } from './relations.ts';

/** Reads people by id, in the order of the ids. A request passes its loader, so that it reads nobody twice. */
type LoadUsers = (ids: readonly bigint[]) => Promise<readonly (UserRow | null)[]>;

/** The relation of the viewer to another person. */
interface ViewerRelationship {
  user: UserRow;
  /** The viewer is this person. */
  isSelf: boolean;
  /** One of the two blocks the other. */
  isBlocked: boolean;
  /** The viewer follows the person. */
  follows: boolean;
}

/** @returns by user id, without the people who do not exist */
async function readRelationships(
  stores: Stores,
  viewerId: bigint | null,
  userIds: readonly bigint[],
  load: LoadUsers,
): Promise<Map<bigint, ViewerRelationship>> {
  const distinctIds = [...new Set(userIds)];
  const none = async () => distinctIds.map(() => false);
  const [users, blocks, follows] = await Promise.all([
    load(distinctIds),
    viewerId === null ? none() : readBlocks(stores, viewerId, distinctIds),
    viewerId === null ? none() : readFollows(stores, viewerId, distinctIds),
  ]);
  const relationships = new Map<bigint, ViewerRelationship>();
  for (const [index, user] of users.entries()) {
    if (!user) continue;
    const isBlocked = blocks[index] === true;
    relationships.set(user.id, { user, isSelf: user.id === viewerId, isBlocked, follows: follows[index] === true });
  }
  return relationships;
}

function canSeePerson({ user, isSelf, isBlocked }: ViewerRelationship): boolean {
  return isSelf || (!user.isHidden && !isBlocked);
}

function canSeeAccountContents(relationship: ViewerRelationship): boolean {
  const { user, isSelf, follows } = relationship;
  return canSeePerson(relationship) && (isSelf || !user.isPrivate || follows);
}

function canSeePhoto(photo: PhotoRow, owner: ViewerRelationship | undefined): boolean {
  if (!owner) return false;
  return owner.isSelf || (photo.status === 'READY' && !photo.isHidden && canSeeAccountContents(owner));
}

/**
 * Whether the viewer may see each of these people.
 *
 * @param viewerId null without a session
 * @returns in the order of the ids; false for a person who does not exist
 */
export async function maySeePeople(
  stores: Stores,
  viewerId: bigint | null,
  userIds: readonly bigint[],
  load: LoadUsers = (ids) => readUsers(stores, ids),
): Promise<boolean[]> {
  const relationships = await readRelationships(stores, viewerId, userIds, load);
  const deniedIds: bigint[] = [];
  for (const [id, relationship] of relationships) if (!canSeePerson(relationship)) deniedIds.push(id);
  const openToModerator = await readModeratedPeople(stores, viewerId, deniedIds, load);
  return userIds.map((id) => {
    const relationship = relationships.get(id);
    return relationship !== undefined && (canSeePerson(relationship) || openToModerator.has(id));
  });
}

/**
 * Whether the viewer may see the contents of each of these people's accounts: photos, followers, and whom they follow.
 *
 * @param viewerId null without a session
 * @returns in the order of the ids; false for a person who does not exist
 */
export async function maySeeAccountContents(
  stores: Stores,
  viewerId: bigint | null,
  userIds: readonly bigint[],
  load: LoadUsers = (ids) => readUsers(stores, ids),
): Promise<boolean[]> {
  const relationships = await readRelationships(stores, viewerId, userIds, load);
  return userIds.map((id) => {
    const relationship = relationships.get(id);
    return relationship !== undefined && canSeeAccountContents(relationship);
  });
}

/**
 * Whether the viewer may see each of these photos.
 *
 * @param viewerId null without a session
 * @returns in the order of the photos
 */
export async function maySeePhotos(
  stores: Stores,
  viewerId: bigint | null,
  photos: readonly PhotoRow[],
  load: LoadUsers = (ids) => readUsers(stores, ids),
): Promise<boolean[]> {
  const visible = await mayInteract(stores, viewerId, photos, load);
  const denied = photos.filter((_, index) => !visible[index]);
  const openToModerator = await readModeratedPhotos(stores, viewerId, denied, load);
  return photos.map((photo, index) => visible[index] === true || openToModerator.has(photo.id));
}

/**
 * Whether the viewer may like each of these photos and comment on it. They may when they see the photo without the
 * rights of a moderator.
 *
 * @param viewerId null without a session
 * @returns in the order of the photos
 */
export async function mayInteract(
  stores: Stores,
  viewerId: bigint | null,
  photos: readonly PhotoRow[],
  load: LoadUsers = (ids) => readUsers(stores, ids),
): Promise<boolean[]> {
  const ownerIds = photos.map((photo) => photo.ownerId);
  const relationships = await readRelationships(stores, viewerId, ownerIds, load);
  return photos.map((photo) => canSeePhoto(photo, relationships.get(photo.ownerId)));
}

/**
 * Whether each of these photos belongs in the viewer's home feed. The viewer must see the photo, follow its owner or
 * one of its hashtags, not mute its owner, and not be its owner.
 *
 * @returns in the order of the photos
 */
export async function belongInFeed(
  stores: Stores,
  viewerId: bigint,
  photos: readonly PhotoRow[],
  load: LoadUsers = (ids) => readUsers(stores, ids),
): Promise<boolean[]> {
  const [{ relationships, mutedIds }, [followedHashtags]] = await Promise.all([
    readOwnerRelationships(stores, viewerId, photos, load),
    readFollowedHashtags(stores, photos.some((photo) => photo.hashtags.length > 0) ? [viewerId] : []),
  ]);
  return photos.map((photo) => {
    const owner = relationships.get(photo.ownerId);
    const follows = owner?.follows === true || photo.hashtags.some((hashtag) => followedHashtags?.has(hashtag));
    const isWanted = follows && owner?.isSelf === false && !mutedIds.has(photo.ownerId);
    return isWanted && photo.publishedId !== null && canSeePhoto(photo, owner);
  });
}

/**
 * Whether each of these photos is new to the viewer. The viewer must see the photo, and neither follow nor mute its
 * owner, nor be its owner.
 *
 * @param viewerId null without a session
 * @returns in the order of the photos
 */
export async function belongInDiscovery(
  stores: Stores,
  viewerId: bigint | null,
  photos: readonly PhotoRow[],
  load: LoadUsers,
): Promise<boolean[]> {
  const { relationships, mutedIds } = await readOwnerRelationships(stores, viewerId, photos, load);
  return photos.map((photo) => {
    const owner = relationships.get(photo.ownerId);
    const isNew = owner !== undefined && !owner.isSelf && !owner.follows && !mutedIds.has(photo.ownerId);
    return isNew && canSeePhoto(photo, owner);
  });
}

/** The viewer's relations to the owners of photos, and the owners whom they mute. */
async function readOwnerRelationships(
  stores: Stores,
  viewerId: bigint | null,
  photos: readonly PhotoRow[],
  load: LoadUsers,
) {
  const ownerIds = [...new Set(photos.map((photo) => photo.ownerId))];
  const [relationships, mutes] = await Promise.all([
    readRelationships(stores, viewerId, ownerIds, load),
    viewerId === null ? [] : readMutes(stores, viewerId, ownerIds),
  ]);
  return { relationships, mutedIds: new Set(ownerIds.filter((_, index) => mutes[index])) };
}

/** For a moderator, the photos among these that are reported or hidden; for others, none. */
async function readModeratedPhotos(
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

/** For a moderator, the people among these who are reported or suspended; for others, none. */
async function readModeratedPeople(
  stores: Stores,
  viewerId: bigint | null,
  userIds: readonly bigint[],
  load: LoadUsers,
): Promise<Set<bigint>> {
  if (userIds.length === 0 || !(await isModerator(viewerId, load))) return new Set();
  const rows = await stores.db.$queryRaw<{ id: bigint }[]>`
    select id from users
    where id = any(${[...userIds]}::bigint[]) and deleting_at is null
      and (suspended_at is not null or exists (select from reports where user_id = users.id))`;
  return new Set(rows.map((row) => row.id));
}

async function isModerator(viewerId: bigint | null, load: LoadUsers): Promise<boolean> {
  if (viewerId === null) return false;
  const [viewer] = await load([viewerId]);
  return viewer?.isModerator === true;
}
