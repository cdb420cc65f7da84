import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { foldPhotoCounts } from '../../../src/features/photos/counts.ts';
import type { Stores } from '../../../src/stores/stores.ts';
import { attempt, mustSee, openBackstage, userErrorsOf } from '../../support/backstage.ts';
import { newPerson, type Person } from '../../support/people.ts';
import { share } from '../../support/photos.ts';
import { rowId } from '../../support/rows.ts';
import { until } from '../../support/until.ts';

const url = inject('url');
let stores: Stores;
let people: Person[];
beforeAll(async () => {
  stores = await openBackstage();
  people = await Promise.all(['a', 'b', 'c', 'd'].map((name) => newPerson(url, name)));
});
afterAll(() => stores.close());

/** What the rows themselves say, not counted from deltas. */
async function recount(photoId: bigint): Promise<[likes: number, comments: number]> {
  const where = { photoId };
  return Promise.all([stores.db.like.count({ where }), stores.db.comment.count({ where })]);
}

async function folded(photoId: bigint): Promise<[likes: number, comments: number]> {
  await until(async () => (await stores.db.photoCountDelta.count({ where: { photoId } })) === 0);
  const row = await stores.db.photo.findUniqueOrThrow({ where: { id: photoId } });
  return [row.likeCount, row.commentCount];
}

const step = fc.record({
  who: fc.nat(3),
  what: fc.constantFrom('likePhoto', 'unlikePhoto', 'addComment', 'deleteComment'),
  which: fc.nat(5),
});

test('counts are those of the rows after any likes and comments of several people at once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 5 }),
      async (rounds) => {
        const [owner] = people as [Person];
        const id = await share(owner);
        const made: string[] = [];
        for (const steps of rounds) {
          // The steps of one round are under way together, two deletions of the same comment among them.
          await Promise.all(
            steps.map(async ({ who, what, which }) => {
              const person = people[who] as Person;
              if (what === 'addComment') {
                const input = { photoId: id, text: 'hello' };
                const payload = await attempt<{ comment: { id: string } }>(person, what, input, 'comment { id }');
                expect(userErrorsOf(payload)).toEqual([]);
                made.push(payload.comment.id);
              } else if (what === 'deleteComment') {
                const commentId = made[which];
                if (commentId) await attempt(person, what, { commentId }, 'deletedCommentId');
              } else {
                expect(userErrorsOf(await attempt(person, what, { photoId: id }, 'photo { id }'))).toEqual([]);
              }
            }),
          );
        }
        const photoId = rowId(id);
        const counts = await recount(photoId);
        expect(await folded(photoId)).toEqual(counts);
        // And this is what people see, from whatever cache, half a second later.
        await until(async () => {
          const seen = await mustSee(owner, id);
          return seen.likeCount === counts[0] && seen.commentCount === counts[1];
        });
      },
    ),
    { numRuns: 12 },
  );
});

test('a delta is folded once, however many workers fold at the same time', async () => {
  const [owner] = people as [Person];
  const ids = [await share(owner), await share(owner)].map(rowId);
  for (let round = 0; round < 5; round++) {
    for (const photoId of ids) {
      await stores.db.$executeRaw`
        insert into photo_count_deltas (photo_id, likes, comments) select ${photoId}, 1, 2 from generate_series(1, 300)`;
    }
    // With the run's own worker, which folds beside these.
    await Promise.all(Array.from({ length: 8 }, () => foldPhotoCounts(stores)));
    const expected = [(round + 1) * 300, (round + 1) * 600];
    for (const photoId of ids) expect(await folded(photoId)).toEqual(expected);
  }
});

test('deltas of a photo that is deleted go with it', async () => {
  const [owner, fan] = people as [Person, Person];
  const id = await share(owner);
  await attempt(fan, 'likePhoto', { photoId: id }, 'photo { id }');
  await attempt(owner, 'deletePhoto', { photoId: id }, 'deletedPhotoId');
  await until(async () => (await stores.db.photoCountDelta.count({ where: { photoId: rowId(id) } })) === 0);
});

test('what a mutation answers has what it changed in it, before it is folded', async () => {
  const [owner, fan, other] = people as [Person, Person, Person];
  const id = await share(owner);
  const likes = async (person: Person, name: string) =>
    (await attempt<{ photo: { likeCount: number } }>(person, name, { photoId: id }, 'photo { likeCount }')).photo
      .likeCount;
  expect(await likes(fan, 'likePhoto')).toBe(1);
  expect(await likes(other, 'likePhoto')).toBe(2);
  expect(await likes(fan, 'unlikePhoto')).toBe(1);
  expect(await likes(other, 'unlikePhoto')).toBe(0);
});
