import DataLoader from 'dataloader';
import type { Stores } from '../stores/stores.ts';
import { readAccounts } from './accounts/accounts.ts';
import { readHashtagCounts } from './hashtags/hashtag-counts.ts';
import type { PageRequest } from './kernel/paging.ts';
import { readHasBlocked } from './people/blocks.ts';
import { readUserCounts } from './people/counts.ts';
import { readHasRequested, readIsFollowedBy } from './people/follows.ts';
import { listPeople, type PeopleListName } from './people/lists.ts';
import { listComments, readVisibleComments } from './photos/comments.ts';
import { readCounts } from './photos/counts.ts';
import { readLikes } from './photos/likes.ts';
import { listPhotosOf } from './photos/lists.ts';
import { listPhotosAt, readPlaces } from './places/places.ts';
import type { CommentKey } from './records/comment-rows.ts';
import { readPhotos } from './records/photo-rows.ts';
import { readUsers } from './records/user-rows.ts';
import { readFollowedHashtags } from './visibility/followed-hashtags.ts';
import { readFollows, readMutes } from './visibility/relations.ts';
import { maySeeAccountContents, maySeePeople, maySeePhotos } from './visibility/rules.ts';

/**
 * What one request reads by id: each thing at most once, and all that are wanted at the same moment in one batch.
 *
 * @param viewerId null without a session. Only for what differs between viewers by their blocks alone, which is known
 * of an event of a subscription beforehand (photos/deliveries.ts)
 * @param ask answers who the viewer is, and notes that the answer depends on it
 */
export function createLoaders(stores: Stores, viewerId: bigint | null, ask: () => bigint | null) {
  const user = new DataLoader((ids: readonly bigint[]) => readUsers(stores, ids));
  const photo = new DataLoader((ids: readonly bigint[]) => readPhotos(stores, ids));
  const users = (ids: readonly bigint[]) => Promise.all(ids.map((id) => user.load(id)));
  const photos = (ids: readonly bigint[]) => Promise.all(ids.map((id) => photo.load(id)));
  /** What the viewer knows of others; nothing without a session. */
  const ofViewer = (read: (viewerId: bigint, ids: readonly bigint[]) => Promise<boolean[]>) =>
    new DataLoader(async (ids: readonly bigint[]) => {
      const viewer = ask();
      return viewer === null ? ids.map(() => false) : read(viewer, ids);
    });

  const visiblePhoto = new DataLoader(async (ids: readonly bigint[]) => {
    const rows = await photos(ids);
    const existing = rows.filter((row) => row !== null);
    const visible = await maySeePhotos(stores, ask(), existing, users);
    const seen = new Set(existing.filter((_, index) => visible[index]));
    return rows.map((row) => (row && seen.has(row) ? row : null));
  });
  return {
    /** What only a person themselves may see of their account. */
    account: new DataLoader((ids: readonly bigint[]) => readAccounts(stores, ids)),
    /** People by id, whether or not the viewer may see them: for those to whom something leads that they may see. */
    user,
    users,
    /** People whom the viewer may see; null for others. */
    visibleUser: new DataLoader(async (ids: readonly bigint[]) => {
      const [rows, visible] = await Promise.all([users(ids), maySeePeople(stores, ask(), ids, users)]);
      return rows.map((row, index) => (visible[index] ? row : null));
    }),
    /** Whether the viewer may see what is within a person's account. */
    visibleWithin: new DataLoader((ids: readonly bigint[]) => maySeeAccountContents(stores, ask(), ids, users)),
    photo,
    /** Photos by id, whether or not the viewer may see them: ask people/visibility.ts. */
    photos,
    /** Photos that the viewer may see; null for others. */
    visiblePhoto,
    /** Comments that the viewer may see; null for others. */
    visibleComment: new DataLoader(
      (keys: readonly CommentKey[]) =>
        readVisibleComments(stores, ask(), keys, (ids) => Promise.all(ids.map((id) => visiblePhoto.load(id)))),
      { cacheKeyFn: (key) => key.join(':') },
    ),
    /** A page of photos' comments: those that want the same page share a loader. */
    comments: memoize(
      pageKey,
      (page) => new DataLoader((ids: readonly bigint[]) => listComments(stores, ask(), ids, page)),
    ),
    /** A page of people's photos, for owners whose account the viewer may see into. */
    photosOf: memoize(
      pageKey,
      (page) => new DataLoader((ids: readonly bigint[]) => listPhotosOf(stores, ask(), ids, page, photos)),
    ),
    /** Places by id, whether or not the viewer may see them: for those to which something leads that they may see. */
    place: new DataLoader((ids: readonly bigint[]) => readPlaces(stores, ids)),
    /** A page of places' photos. */
    photosAt: memoize(
      pageKey,
      (page) => new DataLoader((ids: readonly bigint[]) => listPhotosAt(stores, ask(), ids, page, photos)),
    ),
    /** A page of a list of people, for subjects whose list the viewer may see. */
    people: memoize(
      (name: PeopleListName, page: PageRequest) => `${name} ${pageKey(page)}`,
      (name, page) => new DataLoader((ids: readonly bigint[]) => listPeople(stores, ask(), name, ids, page, users)),
    ),
    photoCounts: new DataLoader((ids: readonly bigint[]) => readCounts(stores, viewerId, ids)),
    userCounts: new DataLoader((ids: readonly bigint[]) => readUserCounts(stores, viewerId, ids)),
    viewerLikes: ofViewer((viewer, ids) => readLikes(stores, viewer, ids)),
    viewerFollows: ofViewer((viewer, ids) => readFollows(stores, viewer, ids)),
    viewerMutes: ofViewer((viewer, ids) => readMutes(stores, viewer, ids)),
    viewerBlocks: ofViewer((viewer, ids) => readHasBlocked(stores, viewer, ids)),
    followsViewer: ofViewer((viewer, ids) => readIsFollowedBy(stores, viewer, ids)),
    viewerRequested: ofViewer((viewer, ids) => readHasRequested(stores, 'sent', viewer, ids)),
    /** How many photos the viewer may see with each of these hashtags. */
    hashtagCounts: new DataLoader((names: readonly string[]) => readHashtagCounts(stores, ask(), names)),
    /** Whether the viewer follows each of these hashtags. */
    viewerFollowsHashtag: new DataLoader(async (names: readonly string[]) => {
      const viewer = ask();
      const [followed] = await readFollowedHashtags(stores, viewer === null ? [] : [viewer]);
      return names.map((name) => followed?.has(name) === true);
    }),
    requestedViewer: ofViewer((viewer, ids) => readHasRequested(stores, 'received', viewer, ids)),
  };
}

function pageKey({ first, after }: PageRequest): string {
  return `${first} ${after}`;
}

function memoize<Arguments extends unknown[], Result>(
  keyOf: (...args: Arguments) => string,
  make: (...args: Arguments) => Result,
) {
  const made = new Map<string, Result>();
  return (...args: Arguments): Result => {
    const key = keyOf(...args);
    const result = made.get(key) ?? make(...args);
    made.set(key, result);
    return result;
  };
}

/** The loaders of one request. */
export type Loaders = ReturnType<typeof createLoaders>;
