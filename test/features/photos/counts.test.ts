import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { foldPhotoCounts } from '../../../src/features/photos/counts.ts';
import type { Stores } from '../../../src/stores/stores.ts';
import { attempt, mustSee, openBackstage, userErrorsOf } from '../../support/backstage.ts';
import { newPerson, type Person } from '../../support/people.ts';
import { insertFannedOut, rowId } from '../../support/rows.ts';
import { until } from '../../support/until.ts';

const url = inject('url');
let stores: Stores;
let people: Person[];
beforeAll(async () => {
  stores = await openBackstage();
  people = await Promise.all(['a', 'b', 'c', 'd'].map((name) => newPerson(url, name)));
});
afterAll(() => stores.close());

/** Counts the rows, independently of the deltas. */
async function recount(photoId: bigint): Promise<[likes: number, comments: number]> {
  const where = { photoId };
  return Promise.all([stores.db.like.count({ where }), stores.db.comment.count({ where })]);
}

/** Reads the stored counts once all deltas are folded. */
async function readFolded(photoId: bigint): Promise<[likes: number, comments: number]> {
  await until(async () => (await stores.db.photoCountDelta.count({ where: { photoId } })) === 0);
  const row = await stores.db.photo.findUniqueOrThrow({ where: { id: photoId } });
  return [row.likeCount, row.commentCount];
}

const step = fc.record({
  personIndex: fc.nat(3),
  mutation: fc.constantFrom('likePhoto', 'unlikePhoto', 'addComment', 'deleteComment'),
  commentIndex: fc.nat(5),
});

test('after any concurrent likes and comments of several people, the counts match the rows', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 5 }),
      async (rounds) => {
        const [owner] = people as [Person];
        const id = await insertFannedOut(stores, owner);
        const commentIds: string[] = [];
        for (const steps of rounds) {
          // The steps of a round run concurrently. They may delete the same comment twice.
          await Promise.all(
            steps.map(async ({ personIndex, mutation, commentIndex }) => {
              const person = people[personIndex] as Person;
              if (mutation === 'addComment') {
                const input = { photoId: id, text: 'hello' };
                const payload = await attempt<{ comment: { id: string } }>(person, mutation, input, 'comment { id }');
                expect(userErrorsOf(payload)).toEqual([]);
                commentIds.push(payload.comment.id);
              } else if (mutation === 'deleteComment') {
                const commentId = commentIds[commentIndex];
                if (commentId) await attempt(person, mutation, { commentId }, 'deletedCommentId');
              } else {
                expect(userErrorsOf(await attempt(person, mutation, { photoId: id }, 'photo { id }'))).toEqual([]);
              }
            }),
          );
        }
        const photoId = rowId(id);
        const counts = await recount(photoId);
        expect(await readFolded(photoId)).toEqual(counts);
        // Clients see these counts within half a second, from any cache.
        await until(async () => {
          const seen = await mustSee(owner, id);
          return seen.likeCount === counts[0] && seen.commentCount === counts[1];
        });
      },
    ),
    { numRuns: 12 },
  );
});

test('workers that fold concurrently fold each delta once', async () => {
  const [owner] = people as [Person];
  const ids = [await insertFannedOut(stores, owner), await insertFannedOut(stores, owner)].map(rowId);
  for (let round = 0; round < 5; round++) {
    for (const photoId of ids) {
      await stores.db.$executeRaw`
        insert into photo_count_deltas (photo_id, likes, comments)
        select ${photoId}, 1, 2 from generate_series(1, 300)`;
    }
    // The worker of the test run folds at the same time.
    await Promise.all(Array.from({ length: 8 }, () => foldPhotoCounts(stores)));
    const expected = [(round + 1) * 300, (round + 1) * 600];
    for (const photoId of ids) expect(await readFolded(photoId)).toEqual(expected);
  }
});

test('deleting a photo deletes its deltas', async () => {
  const [owner, fan] = people as [Person, Person];
  const id = await insertFannedOut(stores, owner);
  await attempt(fan, 'likePhoto', { photoId: id }, 'photo { id }');
  await attempt(owner, 'deletePhoto', { photoId: id }, 'deletedPhotoId');
  await until(async () => (await stores.db.photoCountDelta.count({ where: { photoId: rowId(id) } })) === 0);
});

test('the response of a mutation counts its own change before the delta is folded', async () => {
  const [owner, fan, other] = people as [Person, Person, Person];
  const id = await insertFannedOut(stores, owner);
  const likes = async (person: Person, name: string) =>
    (await attempt<{ photo: { likeCount: number } }>(person, name, { photoId: id }, 'photo { likeCount }')).photo
      .likeCount;
  expect(await likes(fan, 'likePhoto')).toBe(1);
  expect(await likes(other, 'likePhoto')).toBe(2);
  expect(await likes(fan, 'unlikePhoto')).toBe(1);
  expect(await likes(other, 'unlikePhoto')).toBe(0);
});
