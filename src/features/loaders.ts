import DataLoader from 'dataloader';
import type { Stores } from '../stores/stores.ts';
import { readAccounts } from './accounts/accounts.ts';
import { readOwnSessions, type SessionRow } from './accounts/sessions.ts';
import { countUnread } from './activity/list.ts';
import { readHashtagCounts } from './hashtags/hashtag-counts.ts';
import type { PageRequest } from './kernel/paging.ts';
import { type ReportRow, readReports } from './moderation/reports.ts';
import { readHasBlocked } from './people/blocks.ts';
import { readUserCounts } from './people/counts.ts';
import { readHasRequested, readIsFollowedBy } from './people/follows.ts';
import { listPeople, type PeopleListName } from './people/lists.ts';
import { listComments, readVisibleComments } from './photos/comments.ts';
import { readCounts } from './photos/counts.ts';
import { readLikes } from './photos/likes.ts';
import { listPhotosOf } from './photos/lists.ts';
import { readOwnUploads, type UploadRow } from './photos/uploads.ts';
import { listPhotosAt, readPlaces, readVisiblePlaces } from './places/places.ts';
import { readSuggestions } from './places/suggestion.ts';
import type { CommentKey } from './records/comment-rows.ts';
import { readPhotos } from './records/photo-rows.ts';
import { readUsers } from './records/user-rows.ts';
import { readFollowedHashtags } from './visibility/followed-hashtags.ts';
import { readFollows, readMutes } from './visibility/relations.ts';
import { maySeeAccountContents, maySeePeople, maySeePhotos } from './visibility/rules.ts';

/**
 * Makes the loaders of one request. They read each row at most once, and the rows that are requested at the same moment
 * in one batch.
 *
 * @param viewerId null without a session. Only for reads that differ between viewers by their blocks alone: an event of
 * a subscription is shared only among viewers without blocks (live/photo-deliveries.ts)
 * @param readViewer returns the viewer's id, and records that the result depends on the viewer
 * @param signal is aborted when nobody waits for what they read
 */
export function createLoaders(
  stores: Stores,
  viewerId: bigint | null,
  readViewer: () => bigint | null,
  signal: AbortSignal,
) {
  const user = new DataLoader((ids: readonly bigint[]) => readUsers(stores, ids));
  const photo = new DataLoader((ids: readonly bigint[]) => readPhotos(stores, ids));
  const users = (ids: readonly bigint[]) => Promise.all(ids.map((id) => user.load(id)));
  const photos = (ids: readonly bigint[]) => Promise.all(ids.map((id) => photo.load(id)));
  /** Loads by id what only a viewer has. Without a session it loads `none` for every id. */
  const forViewer = <Value>(none: Value, read: (viewerId: bigint, ids: readonly bigint[]) => Promise<Value[]>) =>
    new DataLoader(async (ids: readonly bigint[]) => {
      const viewer = readViewer();
      return viewer === null ? ids.map(() => none) : read(viewer, ids);
    });
  /** Loads a relation between the viewer and others. */
  const ofViewer = (read: (viewerId: bigint, ids: readonly bigint[]) => Promise<boolean[]>) => forViewer(false, read);

  const visiblePhoto = new DataLoader(async (ids: readonly bigint[]) => {
    const rows = await photos(ids);
    const existing = rows.filter((row) => row !== null);
    const visible = await maySeePhotos(stores, readViewer(), existing, users);
    const seen = new Set(existing.filter((_, index) => visible[index]));
    return rows.map((row) => (row && seen.has(row) ? row : null));
  });
  return {
    /** The part of an account that only its owner may see. */
    account: new DataLoader((ids: readonly bigint[]) => readAccounts(stores, ids)),
    /** People by id, whether or not the viewer may see them: for the people that a visible object names. */
    user,
    users,
    /** People whom the viewer may see; null for others. */
    visibleUser: new DataLoader(async (ids: readonly bigint[]) => {
      const [rows, visible] = await Promise.all([users(ids), maySeePeople(stores, readViewer(), ids, users)]);
      return rows.map((row, index) => (visible[index] ? row : null));
    }),
    /** Whether the viewer may see the photos and lists of a person's account. */
    visibleWithin: new DataLoader((ids: readonly bigint[]) => maySeeAccountContents(stores, readViewer(), ids, users)),
    photo,
    /** Photos by id, whether or not the viewer may see them: check visibility/rules.ts before you return one. */
    photos,
    /** Photos that the viewer may see; null for others. */
    visiblePhoto,
    /** Comments that the viewer may see; null for others. */
    visibleComment: new DataLoader(
      (keys: readonly CommentKey[]) =>
        readVisibleComments(stores, readViewer(), keys, (ids) => Promise.all(ids.map((id) => visiblePhoto.load(id)))),
      { cacheKeyFn: (key) => key.join(':') },
    ),
    /** A page of photos' comments. Photos for which the same page is requested share a loader. */
    comments: memoize(
      pageKey,
      (page) => new DataLoader((ids: readonly bigint[]) => listComments(stores, readViewer(), ids, page)),
    ),
    /** A page of people's photos, for owners whose photos the viewer may see. */
    photosOf: memoize(
      pageKey,
      (page) => new DataLoader((ids: readonly bigint[]) => listPhotosOf(stores, readViewer(), ids, page, photos)),
    ),
    /** Places by id, whether or not the viewer may see them: for the places of visible photos. */
    place: new DataLoader((ids: readonly bigint[]) => readPlaces(stores, ids)),
    /** Places that the viewer may see; null for others. */
    visiblePlace: new DataLoader((ids: readonly bigint[]) => readVisiblePlaces(stores, readViewer(), ids)),
    /** The viewer's sessions; null for others. */
    ownSession: forViewer<SessionRow | null>(null, (viewer, ids) => readOwnSessions(stores, viewer, ids)),
    /** The viewer's uploads; null for others. */
    ownUpload: forViewer<UploadRow | null>(null, (viewer, ids) => readOwnUploads(stores, viewer, ids)),
    /** Where to send the file of an upload. Signing takes about a millisecond of CPU time. */
    uploadUrl: new DataLoader(
      (uploads: readonly UploadRow[]) =>
        Promise.all(uploads.map((upload) => stores.objects.presignPut(upload.objectKey, upload, upload.expiresAt))),
      { cacheKeyFn: (upload) => upload.id },
    ),
    /** Reports, for moderators; null for others. */
    report: forViewer<ReportRow | null>(null, (viewer, ids) => readReports(stores, viewer, ids)),
    /** The point in the file of an upload of the viewer. */
    suggestedLocation: new DataLoader((uploads: readonly UploadRow[]) => readSuggestions(stores, uploads, signal), {
      cacheKeyFn: ({ id }) => id,
    }),
    /** A page of places' photos. */
    photosAt: memoize(
      pageKey,
      (page) => new DataLoader((ids: readonly bigint[]) => listPhotosAt(stores, readViewer(), ids, page, photos)),
    ),
    /** A page of a list of people, for subjects whose list the viewer may see. */
    people: memoize(
      (name: PeopleListName, page: PageRequest) => `${name} ${pageKey(page)}`,
      (name, page) =>
        new DataLoader((ids: readonly bigint[]) => listPeople(stores, readViewer(), name, ids, page, users)),
    ),
    /** How many activities a person has not read. */
    unreadActivityCount: new DataLoader((ids: readonly bigint[]) =>
      Promise.all(ids.map((id) => countUnread(stores, id))),
    ),
    photoCounts: new DataLoader((ids: readonly bigint[]) => readCounts(stores, viewerId, ids)),
    userCounts: new DataLoader((ids: readonly bigint[]) => readUserCounts(stores, viewerId, ids)),
    viewerLikes: ofViewer((viewer, ids) => readLikes(stores, viewer, ids)),
    viewerFollows: ofViewer((viewer, ids) => readFollows(stores, viewer, ids)),
    viewerMutes: ofViewer((viewer, ids) => readMutes(stores, viewer, ids)),
    viewerBlocks: ofViewer((viewer, ids) => readHasBlocked(stores, viewer, ids)),
    followsViewer: ofViewer((viewer, ids) => readIsFollowedBy(stores, viewer, ids)),
    viewerRequested: ofViewer((viewer, ids) => readHasRequested(stores, 'sent', viewer, ids)),
    /** The number of photos with each hashtag that the viewer may see. */
    hashtagCounts: new DataLoader((names: readonly string[]) => readHashtagCounts(stores, readViewer(), names)),
    /** Whether the viewer follows each hashtag. */
    viewerFollowsHashtag: new DataLoader(async (names: readonly string[]) => {
      const viewer = readViewer();
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
  const results = new Map<string, Result>();
  return (...args: Arguments): Result => {
    const key = keyOf(...args);
    const result = results.get(key) ?? make(...args);
    results.set(key, result);
    return result;
  };
}

/** The loaders of one request. */
export type Loaders = ReturnType<typeof createLoaders>;
