import DataLoader from 'dataloader';
import type { Stores } from '../stores/stores.ts';
import { readAccounts } from './accounts/accounts.ts';
import { readOwnSessions, type SessionRow } from './accounts/sessions.ts';
import { countUnread } from './activity/list.ts';
import { readHashtagCounts } from './hashtags/hashtag-counts.ts';
import { getOrInsert } from './kernel/get-or-insert.ts';
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
 * The loaders of one request. They read each row at most once, and the rows that are requested at the same moment in
 * one batch. Each is made when it is first used: most requests use a few.
 */
export class Loaders {
  readonly #stores: Stores;
  readonly #viewerId: bigint | null;
  readonly #readViewer: () => bigint | null;
  readonly #signal: AbortSignal;
  readonly #made = new Map<string, unknown>();

  /**
   * @param viewerId null without a session. Only for reads that differ between viewers by their blocks alone: an event
   * of a subscription is shared only among viewers without blocks (live/photo-deliveries.ts)
   * @param readViewer returns the viewer's id, and records that the result depends on the viewer
   * @param signal is aborted when nobody waits for what they read
   */
  constructor(stores: Stores, viewerId: bigint | null, readViewer: () => bigint | null, signal: AbortSignal) {
    this.#stores = stores;
    this.#viewerId = viewerId;
    this.#readViewer = readViewer;
    this.#signal = signal;
  }

  /** Forgets what has been read, because something has changed it. */
  clear(): void {
    this.#made.clear();
  }

  /** The part of an account that only its owner may see. */
  get account() {
    return this.#batch('account', (ids: readonly bigint[]) => readAccounts(this.#stores, ids));
  }

  /** People by id, whether or not the viewer may see them: for the people that a visible object names. */
  get user() {
    return this.#batch('user', (ids: readonly bigint[]) => readUsers(this.#stores, ids));
  }

  /** Photos by id, whether or not the viewer may see them. */
  get photo() {
    return this.#batch('photo', (ids: readonly bigint[]) => readPhotos(this.#stores, ids));
  }

  /** Many people at once, see `user`. */
  readonly users = (ids: readonly bigint[]) => loadAll(this.user, ids);

  /** Photos by id, whether or not the viewer may see them: check visibility/rules.ts before you return one. */
  readonly photos = (ids: readonly bigint[]) => loadAll(this.photo, ids);

  /** People whom the viewer may see; null for others. */
  get visibleUser() {
    return this.#batch('visibleUser', async (ids: readonly bigint[]) => {
      const visible = maySeePeople(this.#stores, this.#readViewer(), ids, this.users);
      const [rows, mayBeSeen] = await Promise.all([this.users(ids), visible]);
      return rows.map((row, index) => (mayBeSeen[index] ? row : null));
    });
  }

  /** Whether the viewer may see the photos and lists of a person's account. */
  get visibleWithin() {
    return this.#batch('visibleWithin', (ids: readonly bigint[]) =>
      maySeeAccountContents(this.#stores, this.#readViewer(), ids, this.users),
    );
  }

  /** Photos that the viewer may see; null for others. */
  get visiblePhoto() {
    return this.#batch('visiblePhoto', async (ids: readonly bigint[]) => {
      const rows = await this.photos(ids);
      const existing = rows.filter((row) => row !== null);
      const visible = await maySeePhotos(this.#stores, this.#readViewer(), existing, this.users);
      const seen = new Set(existing.filter((_, index) => visible[index]));
      return rows.map((row) => (row && seen.has(row) ? row : null));
    });
  }

  /** Comments that the viewer may see; null for others. */
  get visibleComment() {
    const visiblePhotos = (ids: readonly bigint[]) => loadAll(this.visiblePhoto, ids);
    return this.#batch(
      'visibleComment',
      (keys: readonly CommentKey[]) => readVisibleComments(this.#stores, this.#readViewer(), keys, visiblePhotos),
      (key) => key.join(':'),
    );
  }

  /** A page of photos' comments. Photos for which the same page is requested share a loader. */
  comments(page: PageRequest) {
    return this.#batch(`comments ${pageKey(page)}`, (ids: readonly bigint[]) =>
      listComments(this.#stores, this.#readViewer(), ids, page),
    );
  }

  /** A page of people's photos, for owners whose photos the viewer may see. */
  photosOf(page: PageRequest) {
    return this.#batch(`photosOf ${pageKey(page)}`, (ids: readonly bigint[]) =>
      listPhotosOf(this.#stores, this.#readViewer(), ids, page, this.photos),
    );
  }

  /** Places by id, whether or not the viewer may see them: for the places of visible photos. */
  get place() {
    return this.#batch('place', (ids: readonly bigint[]) => readPlaces(this.#stores, ids));
  }

  /** Places that the viewer may see; null for others. */
  get visiblePlace() {
    return this.#batch('visiblePlace', (ids: readonly bigint[]) =>
      readVisiblePlaces(this.#stores, this.#readViewer(), ids),
    );
  }

  /** The viewer's sessions; null for others. */
  get ownSession() {
    return this.#batchForViewer<SessionRow | null>('ownSession', null, readOwnSessions);
  }

  /** The viewer's uploads; null for others. */
  get ownUpload() {
    return this.#batchForViewer<UploadRow | null>('ownUpload', null, readOwnUploads);
  }

  /** Where to send the file of an upload. Signing takes about a millisecond of CPU time. */
  get uploadUrl() {
    const { objects } = this.#stores;
    return this.#batch(
      'uploadUrl',
      (uploads: readonly UploadRow[]) =>
        Promise.all(uploads.map((upload) => objects.presignPut(upload.objectKey, upload, upload.expiresAt))),
      (upload) => upload.id,
    );
  }

  /** Reports, for moderators; null for others. */
  get report() {
    return this.#batchForViewer<ReportRow | null>('report', null, readReports);
  }

  /** The point in the file of an upload of the viewer. */
  get suggestedLocation() {
    return this.#batch(
      'suggestedLocation',
      (uploads: readonly UploadRow[]) => readSuggestions(this.#stores, uploads, this.#signal),
      ({ id }) => id,
    );
  }

  /** A page of places' photos. */
  photosAt(page: PageRequest) {
    return this.#batch(`photosAt ${pageKey(page)}`, (ids: readonly bigint[]) =>
      listPhotosAt(this.#stores, this.#readViewer(), ids, page, this.photos),
    );
  }

  /** A page of a list of people, for subjects whose list the viewer may see. */
  people(name: PeopleListName, page: PageRequest) {
    return this.#batch(`people ${name} ${pageKey(page)}`, (ids: readonly bigint[]) =>
      listPeople(this.#stores, this.#readViewer(), name, ids, page, this.users),
    );
  }

  /** How many activities a person has not read. */
  get unreadActivityCount() {
    return this.#batch('unreadActivityCount', (ids: readonly bigint[]) =>
      Promise.all(ids.map((id) => countUnread(this.#stores, id))),
    );
  }

  get photoCounts() {
    return this.#batch('photoCounts', (ids: readonly bigint[]) => readCounts(this.#stores, this.#viewerId, ids));
  }

  get userCounts() {
    return this.#batch('userCounts', (ids: readonly bigint[]) => readUserCounts(this.#stores, this.#viewerId, ids));
  }

  get viewerLikes() {
    return this.#batchForViewer('viewerLikes', false, readLikes);
  }

  get viewerFollows() {
    return this.#batchForViewer('viewerFollows', false, readFollows);
  }

  get viewerMutes() {
    return this.#batchForViewer('viewerMutes', false, readMutes);
  }

  get viewerBlocks() {
    return this.#batchForViewer('viewerBlocks', false, readHasBlocked);
  }

  get followsViewer() {
    return this.#batchForViewer('followsViewer', false, readIsFollowedBy);
  }

  get viewerRequested() {
    return this.#batchForViewer('viewerRequested', false, (stores, viewerId, ids) =>
      readHasRequested(stores, 'sent', viewerId, ids),
    );
  }

  get requestedViewer() {
    return this.#batchForViewer('requestedViewer', false, (stores, viewerId, ids) =>
      readHasRequested(stores, 'received', viewerId, ids),
    );
  }

  /** The number of photos with each hashtag that the viewer may see. */
  get hashtagCounts() {
    return this.#batch('hashtagCounts', (names: readonly string[]) =>
      readHashtagCounts(this.#stores, this.#readViewer(), names),
    );
  }

  /** Whether the viewer follows each hashtag. */
  get viewerFollowsHashtag() {
    return this.#batch('viewerFollowsHashtag', async (names: readonly string[]) => {
      const viewerId = this.#readViewer();
      const [followed] = await readFollowedHashtags(this.#stores, viewerId === null ? [] : [viewerId]);
      return names.map((name) => followed?.has(name) === true);
    });
  }

  /** A loader that reads in batches. @param cacheKeyFn what makes two keys equal that are objects */
  #batch<Key, Value>(
    name: string,
    read: (keys: readonly Key[]) => Promise<readonly (Value | Error)[]>,
    cacheKeyFn?: (key: Key) => unknown,
  ): DataLoader<Key, Value, unknown> {
    const made = this.#made as Map<string, DataLoader<Key, Value, unknown>>;
    return getOrInsert(made, name, () => new DataLoader(read, cacheKeyFn && { cacheKeyFn }));
  }

  /** A loader of what only a viewer has. Without a session it loads `none` for every id. */
  #batchForViewer<Value>(
    name: string,
    none: Value,
    read: (stores: Stores, viewerId: bigint, ids: readonly bigint[]) => Promise<Value[]>,
  ): DataLoader<bigint, Value, unknown> {
    return this.#batch(name, async (ids: readonly bigint[]) => {
      const viewerId = this.#readViewer();
      return viewerId === null ? ids.map(() => none) : read(this.#stores, viewerId, ids);
    });
  }
}

/** Loads values in the order of their keys. */
function loadAll<Key, Value>(loader: DataLoader<Key, Value, unknown>, keys: readonly Key[]): Promise<Value[]> {
  return Promise.all(keys.map((key) => loader.load(key)));
}

function pageKey({ first, after }: PageRequest): string {
  return `${first} ${after}`;
}
