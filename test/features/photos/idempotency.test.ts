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

type Payload = Record<string, { id: string } | null>;

/** A mutation that takes an idempotency key. `prepare` gives two different inputs, and counts the rows it created. */
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

function createdId(payload: Payload & { userErrors: unknown }): string | undefined {
  const { userErrors: _, ...results } = payload as Record<string, { id: string } | null>;
  return Object.values(results)[0]?.id;
}

describe.for(CASES)('$name with an idempotency key', ({ name, selection, prepare }) => {
  test('creates one object, and returns it again for the same input', async () => {
    const person = await newPerson(url);
    const { input, count } = await prepare(person);
    const key = unique();
    const first = await attempt<Payload>(person, name, { ...input, idempotencyKey: key }, selection);
    expect(userErrorsOf(first)).toEqual([]);
    // The order of the fields makes no difference, because clients do not control it.
    const again = await attempt<Payload>(
      person,
      name,
      Object.fromEntries(Object.entries({ ...input, idempotencyKey: key }).reverse()),
      selection,
    );
    expect(again).toEqual(first);
    expect(await count()).toBe(1);
  });

  test('reports a conflict when the same key comes with another input, and creates nothing', async () => {
    const person = await newPerson(url);
    const { input, other, count } = await prepare(person);
    const key = unique();
    await attempt(person, name, { ...input, idempotencyKey: key }, selection);
    const conflict = await attempt<Payload>(person, name, { ...other, idempotencyKey: key }, selection);
    expect(userErrorsOf(conflict)).toEqual(['IDEMPOTENCY_CONFLICT idempotencyKey']);
    expect(createdId(conflict)).toBeUndefined();
    expect(await count()).toBe(1);
  });

  test('creates one object for ten concurrent calls, and returns it to all', async () => {
    const person = await newPerson(url);
    const { input, count } = await prepare(person);
    const key = unique();
    const payloads = await Promise.all(
      Array.from({ length: 10 }, () => attempt<Payload>(person, name, { ...input, idempotencyKey: key }, selection)),
    );
    expect(payloads.flatMap(userErrorsOf)).toEqual([]);
    expect(new Set(payloads.map(createdId)).size).toBe(1);
    expect(createdId(payloads[0] as (typeof payloads)[0])).toBeDefined();
    expect(await count()).toBe(1);
  });

  test('of another person is a different key', async () => {
    const [one, other] = await Promise.all([newPerson(url), newPerson(url)]);
    const [mine, theirs] = [await prepare(one), await prepare(other)];
    const key = unique();
    const [first, second] = [
      await attempt<Payload>(one, name, { ...mine.input, idempotencyKey: key }, selection),
      await attempt<Payload>(other, name, { ...theirs.input, idempotencyKey: key }, selection),
    ];
    expect([...userErrorsOf(first), ...userErrorsOf(second)]).toEqual([]);
    expect(createdId(first)).not.toBe(createdId(second));
  });

  test.for([
    ['', 'TOO_SHORT idempotencyKey'],
    ['k'.repeat(101), 'TOO_LONG idempotencyKey'],
  ])('of less than 1 or more than 100 characters is refused', async ([key, userError]) => {
    const person = await newPerson(url);
    const { input, count } = await prepare(person);
    const payload = await attempt<Payload>(person, name, { ...input, idempotencyKey: key }, selection);
    expect(userErrorsOf(payload)).toEqual([userError]);
    expect(await count()).toBe(0);
  });
});

test('a key cannot be used for two mutations', async () => {
  const person = await newPerson(url);
  const photoId = await share(person);
  const key = unique();
  await attempt(person, 'addComment', { photoId, text: 'hi', idempotencyKey: key }, 'comment { id }');
  const input = { uploadId: await sentUpload(person), caption: '', idempotencyKey: key };
  const payload = await attempt(person, 'publishPhoto', input, 'photo { id }');
  expect(userErrorsOf(payload)).toEqual(['IDEMPOTENCY_CONFLICT idempotencyKey']);
});

test('a refused call does not use up its key', async () => {
  const person = await newPerson(url);
  const file = await newJpeg();
  const upload = await createUpload(person, file);
  const input = { uploadId: upload.id, caption: 'late', idempotencyKey: unique() };
  const early = await attempt(person, 'publishPhoto', input, 'photo { id }');
  expect(userErrorsOf(early)).toEqual(['NOT_UPLOADED uploadId']);
  await put(upload, file);
  const payload = await attempt<{ photo: { id: string } }>(person, 'publishPhoto', input, 'photo { id }');
  expect(userErrorsOf(payload)).toEqual([]);
  // The key still returns the photo after it is READY and its upload is gone.
  expect(await settled(person, payload.photo.id)).toBe('READY');
  expect(await attempt(person, 'publishPhoto', input, 'photo { id }')).toEqual(payload);
});

test('a key whose object was deleted creates no second one, and reports NOT_FOUND', async () => {
  const person = await newPerson(url);
  const comment = { photoId: await share(person), text: 'gone', idempotencyKey: unique() };
  const added = await attempt<{ comment: { id: string } }>(person, 'addComment', comment, 'comment { id }');
  await attempt(person, 'deleteComment', { commentId: added.comment.id }, 'deletedCommentId');
  const again = await attempt(person, 'addComment', comment, 'comment { id }');
  expect(userErrorsOf(again)).toEqual(['NOT_FOUND idempotencyKey']);

  const publishing = { uploadId: await sentUpload(person), caption: '', idempotencyKey: unique() };
  const shared = await attempt<{ photo: { id: string } }>(person, 'publishPhoto', publishing, 'photo { id }');
  await attempt(person, 'deletePhoto', { photoId: shared.photo.id }, 'deletedPhotoId');
  const retried = await attempt(person, 'publishPhoto', publishing, 'photo { id }');
  expect(retried).toMatchObject({ photo: null });
  expect(userErrorsOf(retried)).toEqual(['NOT_FOUND idempotencyKey']);
});
