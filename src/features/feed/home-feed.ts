import type { Stores } from '../../stores/stores.ts';
import type { Connection, PageRequest } from '../kernel/paging.ts';
import { readList } from '../kernel/read-list.ts';
import type { RowLoaders } from '../records/load-rows.ts';
import type { PhotoRow } from '../records/photo-rows.ts';
import { belongInFeed } from '../visibility/rules.ts';
import { readFeedPage } from './pages.ts';

/**
 * A page of the photos of the people and with the hashtags that the viewer follows, newest first. Its pages reach down
 * to the oldest photo, without a gap and without a repetition.
 *
 * @param rows loads rows by id: a request's loaders
 */
export function readHomeFeed(
  stores: Stores,
  viewerId: bigint,
  request: PageRequest,
  rows: RowLoaders,
): Promise<Connection<PhotoRow>> {
  return readList(request, {
    page: (after, count) => readFeedPage(stores, viewerId, after, count),
    sortId: (entry) => entry.publishedId,
    load: (entries) => rows.photos(entries.map((entry) => entry.photoId)),
    rules: (photos) => belongInFeed(stores, viewerId, photos, rows.users),
    answer: (photo) => photo,
  });
}
