/**
 * What those who listen are told of photos: the rules and the rows for all who are told at the same moment, together. A photo for which
 * thousands wait costs one query for the rules, one read of the photo, and, because they are given the same object, one execution of each
 * document (server/shared-results.ts).
 */
import DataLoader from 'dataloader';
import type { Stores } from '../../stores/stores.ts';
import { mayBeTold, type Telling } from '../people/visibility.ts';
import type { CommentRow } from './comments.ts';
import { type PhotoRow, readPhotos } from './rows.ts';

/** What somebody is told. */
export interface Delivery {
  photo: PhotoRow;
  /** The comment that they are told of. */
  comment: CommentRow | null;
}

type Deliveries = DataLoader<Telling, Delivery | null>;

const loaders = new WeakMap<Stores, Deliveries>();

/**
 * What a viewer is told at this moment; null when they may not see it, or it is gone.
 *
 * @returns one object for all who are told the same at the same moment and between whom and others there is no block
 */
export function deliver(stores: Stores, telling: Telling): Promise<Delivery | null> {
  let loader = loaders.get(stores);
  if (!loader) {
    loader = new DataLoader((tellings) => deliverAll(stores, tellings), { cache: false, maxBatchSize: MAX_AT_ONCE });
    loaders.set(stores, loader);
  }
  return loader.load(telling);
}

/** Of more, the first are told while the rules are asked for the next. */
const MAX_AT_ONCE = 1_000;

async function deliverAll(stores: Stores, tellings: readonly Telling[]): Promise<(Delivery | null)[]> {
  const photoIds = [...new Set(tellings.map(({ photoId }) => photoId))];
  const [answers, photos, comments] = await Promise.all([
    mayBeTold(stores, tellings),
    readPhotos(stores, photoIds),
    readComments(stores, tellings),
  ]);
  const photoById = new Map(photos.map((photo, index) => [photoIds[index], photo]));
  const shared = new Map<string, Delivery>();
  return tellings.map(({ photoId, commentId }, index) => {
    const photo = photoById.get(photoId);
    const comment = commentId === null ? null : comments.get(commentId);
    if (answers[index] === 'no' || !photo || comment === undefined) return null;
    // Whoever has a block sees other counts than everybody, so nothing that is made of this may be shared.
    if (answers[index] === 'yes, with blocks') return { photo: { ...photo }, comment };
    const key = `${photoId} ${commentId}`;
    const delivery = shared.get(key) ?? { photo, comment };
    shared.set(key, delivery);
    return delivery;
  });
}

async function readComments({ db }: Stores, tellings: readonly Telling[]): Promise<Map<bigint, CommentRow>> {
  const keys = new Map(
    tellings.flatMap(({ photoId, commentId }) => (commentId === null ? [] : [[commentId, photoId]])),
  );
  if (keys.size === 0) return new Map();
  const wanted = Array.from(keys, ([id, photoId]) => ({ photoId, id }));
  const rows = await db.comment.findMany({ where: { OR: wanted } });
  return new Map(rows.map((row) => [row.id, { __typename: 'Comment', ...row }]));
}
