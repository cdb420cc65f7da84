import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { UnusableFile } from '../../../src/features/images/unusable-file.ts';
import { allRenditionKeys } from '../../../src/features/photos/media.ts';
import { checkFile, makeRenditions } from '../../../src/features/photos/renditions.ts';
import type { Stores } from '../../../src/stores/stores.ts';
import { attempt, mustSee, openBackstage, see, userErrorsOf } from '../../support/backstage.ts';
import { blackPng, heicHeader, lyingPng, plain, RED } from '../../support/images.ts';
import { newPerson } from '../../support/people.ts';
import { newJpeg, publish, settled, share } from '../../support/photos.ts';
import { rowId } from '../../support/rows.ts';
import { until } from '../../support/until.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores.close());

async function noisyJpeg(): Promise<Buffer> {
  const noise = { type: 'gaussian' as const, mean: 128, sigma: 40 };
  return sharp({ create: { width: 400, height: 300, channels: 3, background: '#888', noise } })
    .jpeg()
    .toBuffer();
}

const BAD_FILES: [
  what: string,
  make: () => Promise<Buffer> | Buffer,
  contentType: string,
  code: string,
  message: RegExp,
][] = [
  [
    'a text named .jpg',
    () => Buffer.from('I am a photo.jpg, honestly'),
    'image/jpeg',
    'UNSUPPORTED_TYPE',
    /not a JPEG/,
  ],
  ['a single byte', () => Buffer.from([0xff]), 'image/jpeg', 'UNSUPPORTED_TYPE', /not a JPEG/],
  ['PNG declared as JPEG', () => plain(8, 8, RED).png().toBuffer(), 'image/jpeg', 'TYPE_MISMATCH', /declared/],
  ['JPEG declared as AVIF', () => newJpeg(), 'image/avif', 'TYPE_MISMATCH', /declared/],
  ['HEIC declared as AVIF', heicHeader, 'image/avif', 'UNSUPPORTED_TYPE', /HEIC.*JPEG/],
  ['GIF declared as PNG', () => plain(8, 8, RED).gif().toBuffer(), 'image/png', 'UNSUPPORTED_TYPE', /not a JPEG/],
  [
    'SVG declared as PNG',
    () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    'image/png',
    'UNSUPPORTED_TYPE',
    /not a JPEG/,
  ],
  [
    'half a JPEG',
    async () => {
      const file = await noisyJpeg();
      return file.subarray(0, file.length / 2);
    },
    'image/jpeg',
    'CORRUPT',
    /damaged or ends too early/,
  ],
  [
    'a JPEG without its last hundred bytes',
    async () => (await noisyJpeg()).subarray(0, -100),
    'image/jpeg',
    'CORRUPT',
    /damaged/,
  ],
  ['the first bytes of a JPEG', () => Buffer.from([0xff, 0xd8, 0xff, 0xe0]), 'image/jpeg', 'CORRUPT', /damaged/],
  [
    'half a PNG',
    async () => {
      const file = await sharp(await noisyJpeg())
        .png()
        .toBuffer();
      return file.subarray(0, file.length / 2);
    },
    'image/png',
    'CORRUPT',
    /damaged/,
  ],
  [
    'half a WebP',
    async () => {
      const file = await sharp(await noisyJpeg())
        .webp()
        .toBuffer();
      return file.subarray(0, file.length / 2);
    },
    'image/webp',
    'CORRUPT',
    /damaged/,
  ],
  [
    'half an AVIF',
    async () => {
      const file = await sharp(await noisyJpeg())
        .avif({ effort: 0 })
        .toBuffer();
      return file.subarray(0, file.length / 2);
    },
    'image/avif',
    'CORRUPT',
    /damaged/,
  ],
  ['a PNG that lacks its pixels', () => lyingPng(3_000, 3_000), 'image/png', 'CORRUPT', /damaged/],
  ['a PNG of 30,000 × 30,000 pixels', () => blackPng(30_000, 30_000), 'image/png', 'TOO_MANY_PIXELS', /100,000,000/],
  ['a PNG that claims 30,000 × 30,000', () => lyingPng(30_000, 30_000), 'image/png', 'TOO_MANY_PIXELS', /100,000,000/],
  ['a PNG just over the limit', () => blackPng(10_001, 10_000), 'image/png', 'TOO_MANY_PIXELS', /100,000,000/],
];

test.for(BAD_FILES)('%s becomes FAILED with a reason, visible only to its owner, and leaves no file', async (bad) => {
  const [, make, contentType, code, message] = bad;
  const [owner, follower] = await Promise.all([newPerson(url), newPerson(url)]);
  await follower.follow(owner);
  const id = await publish(owner, await make(), 'bad', contentType);
  expect(await settled(owner, id)).toBe('FAILED');

  const photo = await mustSee(owner, id);
  expect(photo).toMatchObject({ status: 'FAILED', caption: 'bad', failure: { code } });
  expect(photo.failure?.message).toMatch(message);
  expect(photo).toMatchObject({ width: null, height: null, thumbhash: null, publishedAt: null });
  expect(photo).toMatchObject({ square: null, w320: null, w640: null, w1080: null });

  const row = await stores.db.photo.findUniqueOrThrow({ where: { id: rowId(id) } });
  const exist = await Promise.all(allRenditionKeys(row.mediaKey).map((key) => stores.objects.exists(key)));
  expect(exist).not.toContain(true);
  expect(await stores.db.upload.count({ where: { id: rowId(id) } })).toBe(0);

  expect(await see(follower, id)).toBeNull();
  for (const [mutation, input] of [
    ['likePhoto', { photoId: id }],
    ['addComment', { photoId: id, text: 'nice' }],
  ] as const) {
    const selection = mutation === 'likePhoto' ? 'photo { id }' : 'comment { id }';
    expect(userErrorsOf(await attempt(follower, mutation, input, selection))).toEqual(['NOT_FOUND photoId']);
    expect(userErrorsOf(await attempt(owner, mutation, input, selection))).toEqual(['NOT_READY photoId']);
  }
  // If the fan-out had run for the failed photo, the feed would contain it beside the next one.
  const next = await share(owner);
  const feed = await until(async () => {
    const { data } = await follower.send<{ homeFeed: { nodes: { id: string }[] } }>('{ homeFeed { nodes { id } } }');
    const nodes = data?.homeFeed.nodes ?? [];
    return nodes.some((node) => node.id === next) && nodes;
  });
  expect(feed).toEqual([{ id: next }]);
});

test('the owner can delete a failed photo, and nothing of it is left', async () => {
  const owner = await newPerson(url);
  const id = await publish(owner, Buffer.from('no photo'));
  expect(await settled(owner, id)).toBe('FAILED');
  const payload = await attempt(owner, 'deletePhoto', { photoId: id }, 'deletedPhotoId');
  expect(payload).toEqual({ deletedPhotoId: id, userErrors: [] });
  expect(await see(owner, id)).toBeNull();
  expect(await stores.db.photo.count({ where: { ownerId: rowId(owner.id) } })).toBe(0);
});

describe('the decoder', () => {
  const declare = (file: Buffer, contentType: string) => ({
    contentType,
    sha256: createHash('sha256').update(file).digest(),
  });
  const decode = async (file: Buffer, declared: ReturnType<typeof declare>, maxPixels: number) =>
    makeRenditions(checkFile(file, declared, maxPixels));

  test('refuses 900 million pixels without decoding them', async () => {
    const file = await blackPng(30_000, 30_000);
    // Decode a small file first, so that the decoder's own memory is allocated.
    const small = await newJpeg();
    await decode(small, declare(small, 'image/jpeg'), 1_000_000);
    const before = process.resourceUsage().maxRSS;
    await expect(decode(file, declare(file, 'image/png'), 100_000_000)).rejects.toThrow('TOO_MANY_PIXELS');
    // In kilobytes. The decoded pixels would take 900 MB.
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(100_000);
  });

  test('refuses a file whose bytes do not match the declared checksum', async () => {
    const file = await newJpeg();
    const declared = declare(await newJpeg(), 'image/jpeg');
    const failure = await decode(file, declared, 1_000_000).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UnusableFile);
    expect(failure).toMatchObject({ code: 'CHECKSUM_MISMATCH' });
  });

  test('accepts exactly as many pixels as the limit', async () => {
    const file = await newJpeg(20, 30);
    await expect(decode(file, declare(file, 'image/jpeg'), 599)).rejects.toThrow('TOO_MANY_PIXELS');
    expect(await decode(file, declare(file, 'image/jpeg'), 600)).toMatchObject({ width: 20, height: 30 });
  });
});
