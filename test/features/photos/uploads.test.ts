import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { toGlobalId } from '../../../src/stores/ids.ts';
import type { Stores } from '../../../src/stores/stores.ts';
import { attempt, openBackstage, see, userErrorsOf } from '../../support/backstage.ts';
import { send } from '../../support/client.ts';
import { newPerson, type Person } from '../../support/people.ts';
import { createUpload, newJpeg, publish, put, settled, type TestUpload } from '../../support/photos.ts';
import { rowId } from '../../support/rows.ts';
import { until } from '../../support/until.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores.close());

function keyOf(upload: { url: string }): string {
  return new URL(upload.url).pathname.split('/').slice(2).join('/');
}

function declaration(file: Buffer) {
  const sha256 = createHash('sha256').update(file).digest('hex');
  return { contentType: 'image/jpeg', byteSize: file.length, sha256 };
}

function uploadsOf(person: Person): Promise<number> {
  return stores.db.upload.count({ where: { ownerId: rowId(person.id) } });
}

/** Sends a PUT with exactly these headers. `fetch` would correct them. */
function rawPut(address: string, headers: Record<string, string>, body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request(address, { method: 'PUT', headers, timeout: 20_000 }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

function headersOf(upload: TestUpload): Record<string, string> {
  return Object.fromEntries(upload.headers.map(({ name, value }) => [name.toLowerCase(), value]));
}

describe('createUpload', () => {
  const refused: [what: string, change: object, userErrors: string[], message: RegExp][] = [
    ['HEIC', { contentType: 'image/heic' }, ['UNSUPPORTED_TYPE contentType'], /JPEG, PNG, WebP and AVIF.*HEIC to JPEG/],
    ['plain text', { contentType: 'text/plain' }, ['UNSUPPORTED_TYPE contentType'], /JPEG, PNG, WebP and AVIF/],
    ['a type named like an Object method', { contentType: 'toString' }, ['UNSUPPORTED_TYPE contentType'], /JPEG/],
    ['no bytes', { byteSize: 0 }, ['INVALID byteSize'], /at least one/],
    ['a negative number of bytes', { byteSize: -1 }, ['INVALID byteSize'], /at least one/],
    ['a byte too many', { byteSize: 30_000_001 }, ['TOO_LARGE byteSize'], /30,000,000/],
    ['a checksum that is too short', { sha256: 'ab'.repeat(31) }, ['INVALID sha256'], /64 hexadecimal/],
    ['a checksum that is not hexadecimal', { sha256: 'xy'.repeat(32) }, ['INVALID sha256'], /64 hexadecimal/],
    ['a checksum with a line break', { sha256: `${'ab'.repeat(32)}\n` }, ['INVALID sha256'], /64 hexadecimal/],
    [
      'several errors at once',
      { contentType: 'image/gif', byteSize: 0, sha256: '' },
      ['UNSUPPORTED_TYPE contentType', 'INVALID byteSize', 'INVALID sha256'],
      /GIF|gif/,
    ],
  ];
  test.for(refused)(
    'refuses %s with a message that says what is allowed, and stores nothing',
    async ([, change, userErrors, message]) => {
      const person = await newPerson(url);
      const input = { ...declaration(await newJpeg()), ...change };
      const payload = await attempt(person, 'createUpload', input, 'upload { id }');
      expect(userErrorsOf(payload)).toEqual(userErrors);
      expect(payload.userErrors[0]?.message).toMatch(message);
      expect(payload).toMatchObject({ upload: null });
      expect(await uploadsOf(person)).toBe(0);
    },
  );

  test('accepts the largest file and an upper-case checksum', async () => {
    const person = await newPerson(url);
    const input = { ...declaration(await newJpeg()), byteSize: 30_000_000 };
    const payload = await attempt(
      person,
      'createUpload',
      { ...input, sha256: input.sha256.toUpperCase() },
      'upload { id }',
    );
    expect(userErrorsOf(payload)).toEqual([]);
    expect(await uploadsOf(person)).toBe(1);
  });

  test('needs a session', async () => {
    const response = await send(
      url,
      'mutation ($input: CreateUploadInput!) { createUpload(input: $input) { upload { id } userErrors { code } } }',
      { input: declaration(await newJpeg()) },
    );
    expect(response.errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });

  test('creates an upload that only its owner can read', async () => {
    const [person, stranger] = await Promise.all([newPerson(url), newPerson(url)]);
    const upload = await createUpload(person, await newJpeg());
    const query = 'query ($id: ID!) { node(id: $id) { id } }';
    expect((await person.send(query, { id: upload.id })).data).toEqual({ node: { id: upload.id } });
    expect((await stranger.send(query, { id: upload.id })).data).toEqual({ node: null });
  });
});

describe('S3 refuses and does not store', () => {
  type PutCase = { upload: TestUpload; file: Buffer; headers: Record<string, string> };
  const without = (name: string) => async (putCase: PutCase) => {
    const headers = { ...putCase.headers };
    delete headers[name];
    return rawPut(putCase.upload.url, headers, putCase.file);
  };
  const withUrl = (change: (address: URL) => void) => async (putCase: PutCase) => {
    const address = new URL(putCase.upload.url);
    change(address);
    return rawPut(address.href, putCase.headers, putCase.file);
  };
  const refused: [what: string, send: (putCase: PutCase) => Promise<number>][] = [
    [
      'a longer file',
      ({ upload, file, headers }) => {
        const longer = Buffer.concat([file, Buffer.from('more')]);
        return rawPut(upload.url, { ...headers, 'content-length': String(longer.length) }, longer);
      },
    ],
    [
      'a shorter file',
      ({ upload, file, headers }) =>
        rawPut(upload.url, { ...headers, 'content-length': String(file.length - 1) }, file.subarray(0, -1)),
    ],
    [
      'a file of another type',
      ({ upload, file, headers }) => rawPut(upload.url, { ...headers, 'content-type': 'image/png' }, file),
    ],
    [
      'other content of the same length',
      ({ upload, file, headers }) => rawPut(upload.url, headers, Buffer.alloc(file.length, 1)),
    ],
    [
      'other content with its own checksum',
      ({ upload, file, headers }) => {
        const other = Buffer.alloc(file.length, 1);
        const checksum = createHash('sha256').update(other).digest('base64');
        return rawPut(upload.url, { ...headers, 'x-amz-checksum-sha256': checksum }, other);
      },
    ],
    ['a file without its checksum', without('x-amz-checksum-sha256')],
    ['a file without its type', without('content-type')],
    [
      'a file without its length',
      ({ upload, file, headers: { 'content-length': _, ...headers } }) =>
        rawPut(upload.url, { ...headers, 'transfer-encoding': 'chunked' }, file),
    ],
    ['a file with a later URL expiry', withUrl((address) => address.searchParams.set('X-Amz-Expires', '604800'))],
    [
      'a file with another URL signature',
      withUrl((address) => {
        const signature = address.searchParams.get('X-Amz-Signature') ?? '';
        address.searchParams.set(
          'X-Amz-Signature',
          signature.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
        );
      }),
    ],
    [
      'a file without a URL signature',
      withUrl((address) => {
        address.search = '';
      }),
    ],
  ];
  test.for(refused)('%s', async ([, send]) => {
    const person = await newPerson(url);
    const file = await newJpeg();
    const upload = await createUpload(person, file);
    const status = await send({ upload, file, headers: headersOf(upload) });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(await stores.objects.exists(keyOf(upload))).toBe(false);
    const payload = await attempt(person, 'publishPhoto', { uploadId: upload.id, caption: '' }, 'photo { id }');
    expect(userErrorsOf(payload)).toEqual(['NOT_UPLOADED uploadId']);
    // The upload still accepts the right file.
    expect((await put(upload, file)).status).toBe(200);
    expect(await stores.objects.exists(keyOf(upload))).toBe(true);
  });

  test('a file sent to another upload’s path', async () => {
    const person = await newPerson(url);
    const file = await newJpeg();
    const [one, other] = [await createUpload(person, file), await createUpload(person, file)];
    const address = new URL(one.url);
    address.pathname = new URL(other.url).pathname;
    expect(await rawPut(address.href, headersOf(one), file)).toBe(403);
    expect(await stores.objects.exists(keyOf(other))).toBe(false);
  });

  test('a file sent after the URL has expired', async () => {
    const file = await newJpeg();
    const declared = { contentType: 'image/jpeg', byteSize: file.length, sha256: sha256(file) };
    const key = `uploads/${createHash('sha256').update(file).digest('hex').slice(0, 32)}`;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 61 * 60_000 });
    let address: string;
    try {
      address = await stores.objects.presignPut(key, declared, new Date(Date.now() + 60 * 60_000));
    } finally {
      vi.useRealTimers();
    }
    const headers = {
      'content-type': 'image/jpeg',
      'content-length': String(file.length),
      'x-amz-checksum-sha256': sha256(file).toString('base64'),
    };
    expect(await rawPut(address, headers, file)).toBe(403);
    expect(await stores.objects.exists(key)).toBe(false);
    // The expiry was the cause: a URL that is signed now works.
    const now = await stores.objects.presignPut(key, declared, new Date(Date.now() + 60 * 60_000));
    expect(await rawPut(now, headers, file)).toBe(200);
    await stores.objects.delete([key]);
  });
});

function sha256(file: Buffer): Buffer {
  return createHash('sha256').update(file).digest();
}

describe('publishPhoto', () => {
  async function sentUpload(person: Person): Promise<TestUpload> {
    const file = await newJpeg();
    const upload = await createUpload(person, file);
    expect((await put(upload, file)).status).toBe(200);
    return upload;
  }

  function photosOf(person: Person): Promise<number> {
    return stores.db.photo.count({ where: { ownerId: rowId(person.id) } });
  }

  test('refuses another person’s upload, and its owner can still publish it', async () => {
    const [owner, stranger] = await Promise.all([newPerson(url), newPerson(url)]);
    const upload = await sentUpload(owner);
    const theirs = await attempt(stranger, 'publishPhoto', { uploadId: upload.id, caption: '' }, 'photo { id }');
    expect(userErrorsOf(theirs)).toEqual(['NOT_FOUND uploadId']);
    expect(theirs).toMatchObject({ photo: null });
    expect(await photosOf(stranger)).toBe(0);
    const own = await attempt(owner, 'publishPhoto', { uploadId: upload.id, caption: '' }, 'photo { id }');
    expect(userErrorsOf(own)).toEqual([]);
  });

  test('answers the same for another person’s published upload as for one that does not exist', async () => {
    const [owner, stranger] = await Promise.all([newPerson(url), newPerson(url)]);
    const upload = await sentUpload(owner);
    await attempt(owner, 'publishPhoto', { uploadId: upload.id, caption: '' }, 'photo { id }');
    const taken = await attempt(stranger, 'publishPhoto', { uploadId: upload.id, caption: '' }, 'photo { id }');
    const none = await attempt(
      stranger,
      'publishPhoto',
      { uploadId: toGlobalId('Upload', 1n), caption: '' },
      'photo { id }',
    );
    expect(userErrorsOf(taken)).toEqual(['NOT_FOUND uploadId']);
    expect(taken).toEqual(none);
  });

  test('reports that no file was sent, and succeeds after it was', async () => {
    const person = await newPerson(url);
    const file = await newJpeg();
    const upload = await createUpload(person, file);
    const early = await attempt(person, 'publishPhoto', { uploadId: upload.id, caption: '' }, 'photo { id }');
    expect(userErrorsOf(early)).toEqual(['NOT_UPLOADED uploadId']);
    expect(await photosOf(person)).toBe(0);
    await put(upload, file);
    const late = await attempt(person, 'publishPhoto', { uploadId: upload.id, caption: '' }, 'photo { status }');
    expect(userErrorsOf(late)).toEqual([]);
    expect(await photosOf(person)).toBe(1);
  });

  test('accepts an upload once, also after its photo is READY', async () => {
    const person = await newPerson(url);
    const upload = await sentUpload(person);
    const input = { uploadId: upload.id, caption: '' };
    const payloads = await Promise.all(
      Array.from({ length: 5 }, () =>
        attempt<{ photo: { id: string } | null }>(person, 'publishPhoto', input, 'photo { id }'),
      ),
    );
    const published = payloads.flatMap((payload) => payload.photo ?? []);
    expect(published).toHaveLength(1);
    const refused = payloads.filter((payload) => !payload.photo);
    expect(refused.map(userErrorsOf)).toEqual(Array(4).fill(['ALREADY_USED uploadId']));
    expect(await settled(person, published[0]?.id ?? '')).toBe('READY');
    expect(userErrorsOf(await attempt(person, 'publishPhoto', input, 'photo { id }'))).toEqual([
      'ALREADY_USED uploadId',
    ]);
    expect(await photosOf(person)).toBe(1);
  });

  test('refuses a caption of 2,201 characters, says how many are allowed, and does not use up the upload', async () => {
    const person = await newPerson(url);
    const upload = await sentUpload(person);
    const long = await attempt(
      person,
      'publishPhoto',
      { uploadId: upload.id, caption: 'x'.repeat(2_201) },
      'photo { id }',
    );
    expect(userErrorsOf(long)).toEqual(['TOO_LONG caption']);
    expect(long.userErrors[0]?.message).toMatch(/2,200.*2201/);
    expect(await photosOf(person)).toBe(0);
    const caption = '😀'.repeat(2_200);
    const exact = await attempt<{ photo: { id: string; caption: string } }>(
      person,
      'publishPhoto',
      { uploadId: upload.id, caption },
      'photo { id caption }',
    );
    expect(userErrorsOf(exact)).toEqual([]);
    expect(exact.photo.caption).toBe(caption);
    await settled(person, exact.photo.id);
    expect((await see(person, exact.photo.id))?.caption).toBe(caption);
  });

  test('treats a missing caption as an empty one, whether the input is a literal or a variable', async () => {
    const person = await newPerson(url);
    const [one, other] = [await sentUpload(person), await sentUpload(person)];
    const selection = 'photo { caption } userErrors { code }';
    const asLiteral = await person.send(`mutation { publishPhoto(input: { uploadId: "${one.id}" }) { ${selection} } }`);
    expect(asLiteral).toMatchObject({ errors: [], data: { publishPhoto: { photo: { caption: '' }, userErrors: [] } } });
    const asVariable = await person.send(
      `mutation ($input: PublishPhotoInput!) { publishPhoto(input: $input) { ${selection} } }`,
      { input: { uploadId: other.id } },
    );
    expect(asVariable).toMatchObject({ errors: [], data: asLiteral.data });
  });

  test.for([
    ['NUL', 'a\0b'],
    ['half a surrogate pair', 'a\ud800b'],
  ])('refuses a caption with %s, which PostgreSQL cannot store', async ([, caption]) => {
    const person = await newPerson(url);
    const upload = await sentUpload(person);
    const payload = await attempt(person, 'publishPhoto', { uploadId: upload.id, caption }, 'photo { id }');
    expect(userErrorsOf(payload)).toEqual(['INVALID caption']);
  });

  test('refuses an id of another type with BAD_USER_INPUT', async () => {
    const person = await newPerson(url);
    const { errors } = await person.send(
      'mutation ($id: ID!) { publishPhoto(input: { uploadId: $id }) { photo { id } userErrors { code } } }',
      { id: person.id },
    );
    expect(errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
    expect(errors[0]?.message).toMatch(/not the id of a.* Upload/);
  });
});

test('nobody can read an original, and it is deleted when the photo is READY', async () => {
  const person = await newPerson(url);
  const file = await newJpeg();
  const upload = await createUpload(person, file);
  await put(upload, file);
  const key = keyOf(upload);
  expect(await stores.objects.exists(key)).toBe(true);
  const anonymous = new URL(upload.url);
  anonymous.search = '';
  expect((await fetch(anonymous)).status).toBe(403);
  // The presigned URL allows only PUT.
  expect((await fetch(upload.url)).status).toBe(403);
  // Nobody can list the bucket.
  anonymous.pathname = `/${anonymous.pathname.split('/')[1]}`;
  expect((await fetch(anonymous)).status).toBe(403);
  anonymous.search = '?list-type=2&prefix=media/';
  expect((await fetch(anonymous)).status).toBe(403);

  const payload = await attempt<{ photo: { id: string } }>(
    person,
    'publishPhoto',
    { uploadId: upload.id, caption: '' },
    'photo { id }',
  );
  expect(await settled(person, payload.photo.id)).toBe('READY');
  await until(async () => !(await stores.objects.exists(key)));
  expect(await uploadsOf(person)).toBe(0);
});

test('photos of two people with the same file are independent', async () => {
  const [one, other] = await Promise.all([newPerson(url), newPerson(url)]);
  const file = await newJpeg();
  const [first, second] = await Promise.all([publish(one, file, 'mine'), publish(other, file, 'also mine')]);
  await Promise.all([settled(one, first), settled(other, second)]);
  const [mine, theirs] = await Promise.all([see(one, first), see(other, second)]);
  expect(mine?.w320?.url).not.toBe(theirs?.w320?.url);
  await attempt(one, 'deletePhoto', { photoId: first }, 'deletedPhotoId');
  await until(async () => (await fetch(mine?.w320?.url ?? '')).status === 404);
  expect((await fetch(theirs?.w320?.url ?? '')).status).toBe(200);
});
