/** Hashtag pages and counts stay exact after any sequence of changes: no gap, no duplicate, newest first. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { toGlobalId } from '../../../src/stores/ids.ts';
import type { Stores } from '../../../src/stores/stores.ts';
import { attempt, openBackstage } from '../../support/backstage.ts';
import { newHashtag, type SeenHashtag, seeHashtag } from '../../support/hashtags.ts';
import { newPerson, type Person } from '../../support/people.ts';
import { insertPhoto, rowId } from '../../support/rows.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores.close());

const OWNERS = 2;
const HASHTAGS = 3;
const owner = fc.nat(OWNERS - 1);
const hashtag = fc.nat(HASHTAGS - 1);
const hashtags = fc.uniqueArray(hashtag, { maxLength: HASHTAGS });
const which = fc.nat(50);
const first = fc.integer({ min: 1, max: 4 });
const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('publish' as const), owner, hashtags }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('edit' as const), which, hashtags }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('comment' as const), which, hashtags }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('uncomment' as const), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('setPrivacy' as const), owner, isPrivate: fc.boolean() }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('readOn' as const), hashtag, first }) },
);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

interface ModelPhoto {
  id: string;
  owner: number;
  publishedId: bigint;
  caption: readonly number[];
  comments: { id: string; hashtags: readonly number[] }[];
}

/** Runs commands against the API and the model, comparing at each read. */
async function play(viewer: Person, owners: readonly Person[], commands: Command[]): Promise<void> {
  const names = Array.from({ length: HASHTAGS }, newHashtag);
  const textOf = (indexes: readonly number[]) =>
    `_ ${indexes.map((index) => `#${names[index]?.toUpperCase()}`).join()}`;
  const isPrivate = new Set<number>();
  let photos: ModelPhoto[] = [];
  // One reader per hashtag, who pages on between the other commands.
  const readers = names.map(() => ({ cursor: null as string | null, below: null as bigint | null }));
  const expected = (index: number, below: bigint | null = null) =>
    photos
      .filter((photo) => [...photo.caption, ...photo.comments.flatMap((one) => one.hashtags)].includes(index))
      .filter((photo) => !isPrivate.has(photo.owner) && (below === null || photo.publishedId < below))
      .sort((a, b) => (a.publishedId < b.publishedId ? 1 : -1));
  const photoAt = (index: number) => photos[index % Math.max(1, photos.length)];

  const change = async (photo: ModelPhoto, by: Person, step: Command) => {
    const { id: photoId } = photo;
    if (step.do === 'edit') {
      await by.mutate('updatePhoto', 'UpdatePhotoInput', { photoId, caption: textOf(step.hashtags) }, 'photo { id }');
      photo.caption = step.hashtags;
    } else if (step.do === 'comment') {
      const input = { photoId, text: textOf(step.hashtags) };
      const added = await attempt<{ comment: { id: string } }>(by, 'addComment', input, 'comment { id }');
      photo.comments.push({ id: added.comment.id, hashtags: step.hashtags });
    } else if (step.do === 'uncomment') {
      const comment = photo.comments.shift();
      if (comment) await attempt(by, 'deleteComment', { commentId: comment.id }, 'deletedCommentId');
    } else {
      await by.mutate('deletePhoto', 'DeletePhotoInput', { photoId }, 'deletedPhotoId');
      photos = photos.filter((other) => other !== photo);
    }
  };

  for (const step of commands) {
    if (step.do === 'publish') {
      const ownerId = rowId(owners[step.owner]?.id ?? '');
      const { photoId, publishedId } = await insertPhoto(stores, ownerId, textOf(step.hashtags));
      const id = toGlobalId('Photo', photoId);
      photos.push({ id, owner: step.owner, publishedId, caption: step.hashtags, comments: [] });
    } else if (step.do === 'setPrivacy') {
      await attempt(owners[step.owner] as Person, 'setPrivacy', { isPrivate: step.isPrivate }, 'user { id }');
      if (step.isPrivate) isPrivate.add(step.owner);
      else isPrivate.delete(step.owner);
    } else if (step.do === 'readOn') {
      const reader = readers[step.hashtag];
      if (!reader) continue;
      const rest = expected(step.hashtag, reader.below);
      const request = { first: step.first, after: reader.cursor };
      const { photos: page }: SeenHashtag = await seeHashtag(url, viewer, names[step.hashtag] ?? '', request);
      expect(page.nodes.map(({ id }) => id)).toEqual(rest.slice(0, step.first).map(({ id }) => id));
      expect(page.pageInfo.hasNextPage).toBe(rest.length > step.first);
      reader.cursor = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
      reader.below = page.pageInfo.hasNextPage ? (rest[step.first - 1]?.publishedId ?? null) : null;
    } else {
      const photo = photoAt(step.which);
      if (photo) await change(photo, owners[photo.owner] as Person, step);
    }
  }
  for (const [index, name] of names.entries()) {
    const seen = await seeHashtag(url, viewer, name);
    const all = expected(index).map(({ id }) => id);
    expect([seen.photoCount, seen.photos.nodes.map(({ id }) => id)]).toEqual([all.length, all]);
    // Related hashtags are those that share a photo with this one.
    const related = names.filter(
      (_, other) => other !== index && expected(index).some((photo) => expected(other).includes(photo)),
    );
    expect(seen.related.map((one) => one.name).sort()).toEqual(related.sort());
  }
  // The table holds the hashtags of each photo's texts.
  for (const { id, caption, comments } of photos) {
    const rows = await stores.db.photoHashtag.findMany({ where: { photoId: rowId(id) } });
    const indexes = new Set([...caption, ...comments.flatMap((one) => one.hashtags)]);
    expect(rows.map((row) => row.hashtag).sort()).toEqual(Array.from(indexes, (index) => names[index]).sort());
  }
  for (const person of owners) await attempt(person, 'setPrivacy', { isPrivate: false }, 'user { id }');
}

test('any sequence of publish, edit, comment, delete and going private: no gap, no duplicate', async () => {
  const [viewer, ...owners] = await Promise.all(Array.from({ length: 1 + OWNERS }, () => newPerson(url)));
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 10, maxLength: 60, size: 'max' }), (commands) =>
      play(viewer as Person, owners, commands),
    ),
    { numRuns: 15 },
  );
});

test('after any concurrent changes a photo has the hashtags of its texts', async () => {
  const [person] = await Promise.all([newPerson(url)]);
  const change = fc.record({ do: fc.constantFrom('edit', 'comment', 'uncomment'), hashtags });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 2, maxLength: 8 }), async (changes) => {
      const names = Array.from({ length: HASHTAGS }, newHashtag);
      const textOf = (indexes: readonly number[]) => `_ ${indexes.map((index) => `#${names[index]}`).join(' ')}`;
      const entry = await insertPhoto(stores, rowId(person.id), textOf([0]));
      const photoId = toGlobalId('Photo', entry.photoId);
      const added = await attempt<{ comment: { id: string } }>(
        person,
        'addComment',
        { photoId, text: textOf([1]) },
        'comment { id }',
      );
      await Promise.all(
        changes.map((one) => {
          if (one.do === 'edit')
            return attempt(person, 'updatePhoto', { photoId, caption: textOf(one.hashtags) }, 'photo { id }');
          if (one.do === 'comment')
            return attempt(person, 'addComment', { photoId, text: textOf(one.hashtags) }, 'comment { id }');
          return attempt(person, 'deleteComment', { commentId: added.comment.id }, 'deletedCommentId');
        }),
      );
      const { data } = await person.send<{
        node: { caption: string; hashtags: string[]; comments: { nodes: { text: string }[] } };
      }>('query ($id: ID!) { node(id: $id) { ... on Photo { caption hashtags comments { nodes { text } } } } }', {
        id: photoId,
      });
      const texts = [data?.node.caption, ...(data?.node.comments.nodes.map((comment) => comment.text) ?? [])].join(' ');
      expect(data?.node.hashtags).toEqual(names.filter((name) => texts.includes(`#${name}`)).sort());
    }),
    { numRuns: 30 },
  );
});
