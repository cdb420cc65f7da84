import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { attemptDecoding, DecodingTimeout } from '../../src/features/images/decoding-attempts.ts';
import { UnusableFile } from '../../src/features/images/unusable-file.ts';
import { neverAbandoned } from '../../src/features/kernel/abandoned.ts';
import { readSuggestions } from '../../src/features/places/suggestion.ts';
import type { Stores } from '../../src/stores/stores.ts';
import { mustSee, openBackstage } from '../support/backstage.ts';
import { ownStores, startProcess } from '../support/darkroom.ts';
import { heicHeader, jpegOfScans, nestedSvg } from '../support/images.ts';
import { newPerson, type Person, unique } from '../support/people.ts';
import { createUpload, newJpeg, publish, put, settled } from '../support/photos.ts';
import { gpsJpeg } from '../support/places.ts';
import { rowId } from '../support/rows.ts';
import { until } from '../support/until.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores.close());

const file = (name: string) => readFile(new URL(`files/${name}`, import.meta.url));

const HOSTILE: [what: string, make: () => Promise<Buffer> | Buffer, contentType: string, code: string][] = [
  ['an AVIF of 100 megapixels in 2 KB', () => file('100mp.avif'), 'image/avif', 'TOO_MANY_PIXELS'],
  ['a JPEG of 5,000 scans', () => jpegOfScans(9_992, 10_000, 5_000), 'image/jpeg', 'CORRUPT'],
  ['a small JPEG of 5,000 scans', () => jpegOfScans(64, 64, 5_000), 'image/jpeg', 'CORRUPT'],
  ['an SVG sent as a JPEG', () => nestedSvg(30), 'image/jpeg', 'UNSUPPORTED_TYPE'],
  ['an SVG sent as an AVIF', () => nestedSvg(30), 'image/avif', 'UNSUPPORTED_TYPE'],
  ['a PDF sent as a PNG', () => Buffer.from('%PDF-1.7\n%%EOF'), 'image/png', 'UNSUPPORTED_TYPE'],
  ['HEIC sent as an AVIF', heicHeader, 'image/avif', 'UNSUPPORTED_TYPE'],
];

const SUGGESTION = 'query ($id: ID!) { node(id: $id) { ... on Upload { suggestedLocation { latitude longitude } } } }';

/** Sends a file without publishing it, and reads the location that Darkroom suggests. */
async function suggestionFor(person: Person, body: Buffer, contentType: string) {
  const upload = await createUpload(person, body, contentType);
  expect((await put(upload, body)).ok).toBe(true);
  const { data, errors } = await person.send<{ node: { suggestedLocation: { latitude: number } | null } }>(SUGGESTION, {
    id: upload.id,
  });
  expect(errors).toEqual([]);
  return { id: upload.id, point: data?.node.suggestedLocation };
}

test.for(HOSTILE)('%s, four at once, becomes FAILED, and an ordinary photo beside them READY', async (hostile) => {
  const [, make, contentType, code] = hostile;
  const body = await make();
  const [person, other] = await Promise.all([newPerson(url), newPerson(url)]);
  const bad = await Promise.all([0, 1, 2, 3].map(() => publish(person, body, '', contentType)));
  const good = await publish(other, await newJpeg());
  expect(await settled(other, good)).toBe('READY');
  for (const id of bad) {
    expect(await settled(person, id)).toBe('FAILED');
    expect((await mustSee(person, id)).failure?.code).toBe(code);
  }
  expect((await suggestionFor(person, body, contentType)).point).toBeNull();
});

test('AVIFs of 24 megapixels become READY one after the other, and an ordinary photo beside them', async () => {
  const [person, other] = await Promise.all([newPerson(url), newPerson(url)]);
  const body = await file('24mp.avif');
  const large = await Promise.all([0, 1, 2, 3].map(() => publish(person, body, '', 'image/avif')));
  const good = await publish(other, await newJpeg());
  expect(await settled(other, good)).toBe('READY');
  for (const id of large) expect(await settled(person, id)).toBe('READY');
});

test.for([
  ['mif1-major.avif', 'image/avif'],
  ['no-eoi.jpg', 'image/jpeg'],
])('%s is a whole photo and becomes READY', async ([name = '', contentType]) => {
  const person = await newPerson(url);
  expect(await settled(person, await publish(person, await file(name), '', contentType))).toBe('READY');
});

test('a JPEG that lacks more than its last marker becomes FAILED', async () => {
  const person = await newPerson(url);
  const whole = await file('no-eoi.jpg');
  const progressive = await sharp(await newJpeg(640, 480))
    .jpeg({ progressive: true })
    .toBuffer();
  const cut = [whole.subarray(0, -1), whole.subarray(0, -4), whole.subarray(0, whole.length / 2)];
  // Of several passes, the last ones may lack without a trace.
  cut.push(progressive.subarray(0, -2), progressive.subarray(0, progressive.lastIndexOf(Buffer.from([0xff, 0xc4]))));
  const ids = await Promise.all(cut.map((body) => publish(person, body)));
  for (const id of ids) expect(await settled(person, id)).toBe('FAILED');
});

describe('the location that is suggested for an upload', () => {
  const point = { latitude: 48.8583701, longitude: 2.2944813 };

  test('is not the point where cameras without reception say they are', async () => {
    expect((await suggestionFor(await newPerson(url), await file('null-island.jpg'), 'image/jpeg')).point).toBeNull();
  });

  test.for(['jpeg', 'png', 'webp', 'avif'] as const)(
    'is found in %s, and is read from the file once',
    async (format) => {
      const person = await newPerson(url);
      const body = await sharp(await gpsJpeg(point))
        .keepExif()
        .toFormat(format)
        .toBuffer();
      const { id, point: first } = await suggestionFor(person, body, `image/${format}`);
      expect(first?.latitude).toBeCloseTo(point.latitude, 6);
      const upload = await stores.db.upload.findUniqueOrThrow({ where: { id: rowId(id) } });
      await stores.objects.delete([upload.objectKey]);
      const { data } = await person.send(SUGGESTION, { id });
      expect(data).toEqual({ node: { suggestedLocation: first } });
    },
  );

  test('costs the first bytes of the file only', async () => {
    const person = await newPerson(url);
    const noise = { type: 'gaussian' as const, mean: 128, sigma: 60 };
    const large = await sharp({ create: { width: 1_500, height: 1_500, channels: 3, background: '#888', noise } })
      .withExif({
        IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '48/1 0/1 0/1', GPSLongitudeRef: 'E', GPSLongitude: '2/1 0/1 0/1' },
      })
      .webp({ quality: 95, effort: 0 })
      .toBuffer();
    expect(large.length).toBeGreaterThan(1_000_000);
    const { id } = await createUpload(person, large, 'image/webp').then(async (upload) => {
      await put(upload, large);
      return upload;
    });
    const parts: number[] = [];
    const counting: Stores = {
      ...stores,
      objects: {
        ...stores.objects,
        get: () => Promise.reject(new Error('The whole file was read.')),
        async getPart(...args) {
          const part = await stores.objects.getPart(...args);
          parts.push(part?.length ?? 0);
          return part;
        },
      },
    };
    const upload = await stores.db.upload.findUniqueOrThrow({ where: { id: rowId(id) } });
    expect(await readSuggestions(counting, [upload], neverAbandoned())).toEqual([{ latitude: 48, longitude: 2 }]);
    expect(parts.reduce((sum, length) => sum + length, 0)).toBeLessThan(262_144 + 2_000);
  });
});

describe('a decoding', () => {
  const attempt = (objectKey: string, decode: () => Promise<unknown>) =>
    attemptDecoding(stores, { objectKey, decodingBytes: 1 }, decode);

  test('that times out is tried once more, and then the file is CORRUPT', async () => {
    const key = unique();
    const timeOut = () => Promise.reject(new DecodingTimeout());
    await expect(attempt(key, timeOut)).rejects.toThrow(DecodingTimeout);
    await expect(attempt(key, timeOut)).rejects.toThrow(new UnusableFile('CORRUPT'));
    await expect(attempt(unique(), timeOut)).rejects.toThrow(DecodingTimeout);
  });

  test('that fails for another reason may be tried again and again', async () => {
    const key = unique();
    for (let time = 0; time < 5; time++) {
      await expect(attempt(key, () => Promise.reject(new Error('S3 is away')))).rejects.toThrow('S3 is away');
    }
    expect(await attempt(key, async () => 'done')).toBe('done');
  });

  test('that ends its worker three times is not begun again: the photo becomes FAILED', async () => {
    const own = await ownStores();
    const api = await startProcess(['api'], own.env);
    const person = await newPerson(api.url);
    const id = await publish(person, await file('50mp.avif'), '', 'image/avif');
    for (let time = 1; time <= 3; time++) {
      const worker = await startProcess(['worker'], own.env);
      const isDecoding = async () => {
        const [key] = await own.stores.redis.keys('decoding:*');
        return key !== undefined && (await own.stores.redis.get(key)) === String(time);
      };
      await until(isDecoding, 30, 20);
      await worker.end('SIGKILL');
      // Darkroom does this too, when it finds after some seconds that the worker is dead.
      await own.stores.db.$queryRaw`
        select graphile_worker.force_unlock_workers(array_agg(locked_by))::text
        from graphile_worker.jobs where locked_by is not null`;
    }
    const last = await startProcess(['worker'], own.env);
    expect(await settled(person, id)).toBe('FAILED');
    expect((await mustSee(person, id)).failure?.code).toBe('CORRUPT');
    expect(await settled(person, await publish(person, await newJpeg()))).toBe('READY');
    await Promise.all([last.end('SIGTERM'), api.end('SIGTERM')]);
    await own.stop();
  });
});
