import DataLoader from 'dataloader';
import type { Stores } from '../stores/stores.ts';
import { readUsers } from './accounts/users.ts';
import type { PageRequest } from './paging.ts';
import { readFollowers, readFollows } from './people/follows.ts';
import { maySeePhotos } from './people/visibility.ts';
import { listComments } from './photos/comments.ts';
import { readCounts } from './photos/counts.ts';
import { readLikes } from './photos/likes.ts';
import { readPhotos } from './photos/rows.ts';

/**
 * What one request reads by id: each thing at most once, and all that are wanted at the same moment in one batch.
 *
 * @param viewerId null without a session
 */
export function createLoaders(stores: Stores, viewerId: bigint | null) {
  const no = async (ids: readonly bigint[]) => ids.map(() => false);
  const photo = new DataLoader((ids: readonly bigint[]) => readPhotos(stores, ids));
  return {
    user: new DataLoader((ids: readonly bigint[]) => readUsers(stores, ids)),
    photo,
    /** Photos that the viewer may see; null for others. */
    visiblePhoto: new DataLoader(async (ids: readonly bigint[]) => {
      const photos = await Promise.all(ids.map((id) => photo.load(id)));
      const existing = photos.filter((row) => row !== null);
      const visible = await maySeePhotos(stores, viewerId, existing);
      const seen = new Set(existing.filter((_, index) => visible[index]));
      return photos.map((row) => (row && seen.has(row) ? row : null));
    }),
    /** A page of photos' comments: those that want the same page share a loader. */
    comments: memoize(
      (page: PageRequest) => `${page.first} ${page.after}`,
      (page) => new DataLoader((ids: readonly bigint[]) => listComments(stores, ids, page)),
    ),
    photoCounts: new DataLoader((ids: readonly bigint[]) => readCounts(stores, ids)),
    viewerLikes: new DataLoader((ids: readonly bigint[]) =>
      viewerId === null ? no(ids) : readLikes(stores, viewerId, ids),
    ),
    viewerFollows: new DataLoader((ids: readonly bigint[]) =>
      viewerId === null ? no(ids) : readFollows(stores, viewerId, ids),
    ),
    followsViewer: new DataLoader((ids: readonly bigint[]) =>
      viewerId === null ? no(ids) : readFollowers(stores, viewerId, ids),
    ),
  };
}

function memoize<Argument, Result>(keyOf: (argument: Argument) => string, make: (argument: Argument) => Result) {
  const made = new Map<string, Result>();
  return (argument: Argument): Result => {
    const key = keyOf(argument);
    const result = made.get(key) ?? make(argument);
    made.set(key, result);
    return result;
  };
}

/** The loaders of one request. */
export type Loaders = ReturnType<typeof createLoaders>;
