import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Stores } from '../../../src/stores/stores.ts';
import { attempt, openBackstage, userErrorsOf } from '../../support/backstage.ts';
import { newPerson, type Person, unique } from '../../support/people.ts';
import { createUpload, newJpeg, put, settled, share } from '../../support/photos.ts';
import { rowId } from '../../support/rows.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores.close());

type Made = Record<string, { id: string } | null>;

/** A mutation that takes a key: an input for it, another one, and how many things it has made. */
interface Case {
  name: string;
  selection: string;
  prepare(person: Person): Promise<{ input: object; other: object; count(): Promise<number> }>;
}

async function sentUpload(person: Person): Promise<string> {
  const file = await newJpeg();
  const upload = await createUpload(person, file);
  await put(upload, file);
  return upload.id;
}

const CASES: Case[] = [
  {
    name: 'createUpload',
    selection: 'upload { id }',
    async prepare(person) {
      const sha256 = createHash('sha256').update(unique()).digest('hex');
      const input = { contentType: 'image/jpeg', byteSize: 1_000, sha256 };
      return {
        input,
        other: { ...input, byteSize: 1_001 },
        count: () => stores.db.upload.count({ where: { ownerId: rowId(person.id) } }),
      };
    },
  },
  {
    name: 'publishPhoto',
    selection: 'photo { id }',
    async prepare(person) {
      const input = { uploadId: await sentUpload(person), caption: 'once' };
      return {
        input,
        other: { ...input, caption: 'twice' },
        count: () => stores.db.photo.count({ where: { ownerId: rowId(person.id) } }),
      };
    },
  },
  {
    name: 'addComment',
    selection: 'comment { id }',
    async prepare(person) {
      const input = { photoId: await share(person), text: 'once' };
      return {
        input,
        other: { ...input, text: 'twice' },
        count: () => stores.db.comment.count({ where: { authorId: rowId(person.id) } }),
      };
    },
  },
];

function madeBy(payload: Made & { userErrors: unknown }): string | undefined {
  const { userErrors: _, ...things } = payload as Record<string, { id: string } | null>;
  return Object.values(things)[0]?.id;
}

describe.for(CASES)('$name with an idempotency key', ({ name, selection, prepare }) => {
  test('makes one thing, and answers it again to the same input', async () => {
    const person = await newPerson(url);
    const { input, count } = await prepare(person);
    const key = unique();
    const first = await attempt<Made>(person, name, { ...input, idempotencyKey: key }, selection);
    expect(userErrorsOf(first)).toEqual([]);
    // The order of the fields, which a client does not choose, makes no difference.
    const again = await attempt<Made>(
      person,
      name,
      Object.fromEntries(Object.entries({ ...input, idempotencyKey: key }).reverse()),
      selection,
    );
    expect(again).toEqual(first);
    expect(await count()).toBe(1);
  });

  test('tells of the conflict when the same key comes with another input, and makes nothing', async () => {
    const person = await newPerson(url);
    const { input, other, count } = await prepare(person);
    const key = unique();
    await attempt(person, name, { ...input, idempotencyKey: key }, selection);
    const conflict = await attempt<Made>(person, name, { ...other, idempotencyKey: key }, selection);
    expect(userErrorsOf(conflict)).toEqual(['IDEMPOTENCY_CONFLICT idempotencyKey']);
    expect(madeBy(conflict)).toBeUndefined();
    expect(await count()).toBe(1);
  });

  test('makes one thing of ten calls at once, and answers it to all', async () => {
    const person = await newPerson(url);
    const { input, count } = await prepare(person);
    const key = unique();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => attempt<Made>(person, name, { ...input, idempotencyKey: key }, selection)),
    );
    expect(answers.flatMap(userErrorsOf)).toEqual([]);
    expect(new Set(answers.map(madeBy)).size).toBe(1);
    expect(madeBy(answers[0] as (typeof answers)[0])).toBeDefined();
    expect(await count()).toBe(1);
  });

  test('of another person is another key', async () => {
    const [one, other] = await Promise.all([newPerson(url), newPerson(url)]);
    const [mine, theirs] = [await prepare(one), await prepare(other)];
    const key = unique();
    const [first, second] = [
      await attempt<Made>(one, name, { ...mine.input, idempotencyKey: key }, selection),
      await attempt<Made>(other, name, { ...theirs.input, idempotencyKey: key }, selection),
    ];
    expect([...userErrorsOf(first), ...userErrorsOf(second)]).toEqual([]);
    expect(madeBy(first)).not.toBe(madeBy(second));
  });

  test.for([
    ['', 'TOO_SHORT idempotencyKey'],
    ['k'.repeat(101), 'TOO_LONG idempotencyKey'],
  ])('that has not 1 to 100 characters is refused', async ([key, mistake]) => {
    const person = await newPerson(url);
    const { input, count } = await prepare(person);
    const payload = await attempt<Made>(person, name, { ...input, idempotencyKey: key }, selection);
    expect(userErrorsOf(payload)).toEqual([mistake]);
    expect(await count()).toBe(0);
  });
});

test('a key belongs to one mutation', async () => {
  const person = await newPerson(url);
  const photoId = await share(person);
  const key = unique();
  await attempt(person, 'addComment', { photoId, text: 'hi', idempotencyKey: key }, 'comment { id }');
  const input = { uploadId: await sentUpload(person), caption: '', idempotencyKey: key };
  const payload = await attempt(person, 'publishPhoto', input, 'photo { id }');
  expect(userErrorsOf(payload)).toEqual(['IDEMPOTENCY_CONFLICT idempotencyKey']);
});

test('a call that was refused does not use its key up', async () => {
  const person = await newPerson(url);
  const file = await newJpeg();
  const upload = await createUpload(person, file);
  const input = { uploadId: upload.id, caption: 'late', idempotencyKey: unique() };
  const early = await attempt(person, 'publishPhoto', input, 'photo { id }');
  expect(userErrorsOf(early)).toEqual(['NOT_UPLOADED uploadId']);
  await put(upload, file);
  const payload = await attempt<{ photo: { id: string } }>(person, 'publishPhoto', input, 'photo { id }');
  expect(userErrorsOf(payload)).toEqual([]);
  // And after the photo is READY, its upload gone, the key still answers it.
  expect(await settled(person, payload.photo.id)).toBe('READY');
  expect(await attempt(person, 'publishPhoto', input, 'photo { id }')).toEqual(payload);
});

test('a key whose thing was deleted makes no second one, and says so', async () => {
  const person = await newPerson(url);
  const comment = { photoId: await share(person), text: 'gone', idempotencyKey: unique() };
  const made = await attempt<{ comment: { id: string } }>(person, 'addComment', comment, 'comment { id }');
  await attempt(person, 'deleteComment', { commentId: made.comment.id }, 'deletedCommentId');
  const again = await attempt(person, 'addComment', comment, 'comment { id }');
  expect(userErrorsOf(again)).toEqual(['NOT_FOUND idempotencyKey']);

  const publishing = { uploadId: await sentUpload(person), caption: '', idempotencyKey: unique() };
  const shared = await attempt<{ photo: { id: string } }>(person, 'publishPhoto', publishing, 'photo { id }');
  await attempt(person, 'deletePhoto', { photoId: shared.photo.id }, 'deletedPhotoId');
  const retried = await attempt(person, 'publishPhoto', publishing, 'photo { id }');
  expect(retried).toMatchObject({ photo: null });
  expect(userErrorsOf(retried)).toEqual(['NOT_FOUND idempotencyKey']);
});
