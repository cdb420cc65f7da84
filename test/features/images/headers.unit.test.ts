import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { readAv1Sequences } from '../../../src/features/images/av1.ts';
import { findExif, readExifPosition } from '../../../src/features/images/exif.ts';
import { detectFormat, type ImageFormat } from '../../../src/features/images/formats.ts';
import { readImageHeader } from '../../../src/features/images/headers.ts';
import { readAvifLayout } from '../../../src/features/images/heif.ts';
import { readJpegLayout } from '../../../src/features/images/jpeg.ts';
import { UnusableFile } from '../../../src/features/images/unusable-file.ts';
import { heicHeader, jpegOfScans, lyingPng, nestedSvg, plain, RED } from '../../support/images.ts';

const hostileFile = (name: string) => readFileSync(new URL(`../../hostile/files/${name}`, import.meta.url));
const noisy = (width: number, height: number) =>
  sharp({
    create: { width, height, channels: 3, background: '#888', noise: { type: 'gaussian', mean: 128, sigma: 40 } },
  });

/** The positions at which a file has a text. */
function positionsOf(file: Buffer, text: string): number[] {
  const positions: number[] = [];
  for (let at = file.indexOf(text); at >= 0; at = file.indexOf(text, at + 1)) positions.push(at);
  return positions;
}

const SAMPLES: [what: string, format: ImageFormat, make: () => Promise<Buffer> | Buffer][] = [
  ['a JPEG', 'jpeg', () => noisy(90, 60).jpeg().toBuffer()],
  ['a progressive JPEG', 'jpeg', () => noisy(90, 60).jpeg({ progressive: true }).toBuffer()],
  ['a gray JPEG', 'jpeg', () => noisy(90, 60).grayscale().jpeg().toBuffer()],
  ['a JPEG with Exif', 'jpeg', () => noisy(90, 60).withMetadata({ orientation: 6 }).jpeg().toBuffer()],
  ['a PNG', 'png', () => noisy(90, 60).png().toBuffer()],
  ['an interlaced PNG', 'png', () => noisy(90, 60).png({ progressive: true }).toBuffer()],
  ['a WebP', 'webp', () => noisy(90, 60).webp().toBuffer()],
  ['a WebP with alpha', 'webp', () => plain(90, 60, RED, 0.5).webp().toBuffer()],
  ['a lossless WebP', 'webp', () => noisy(90, 60).webp({ lossless: true }).toBuffer()],
  ['a WebP with Exif', 'webp', () => noisy(90, 60).withMetadata({ orientation: 6 }).webp().toBuffer()],
  ['an AVIF', 'avif', () => noisy(90, 60).avif({ effort: 0 }).toBuffer()],
  [
    'an AVIF without subsampling',
    'avif',
    () => noisy(90, 60).avif({ effort: 0, chromaSubsampling: '4:4:4' }).toBuffer(),
  ],
  ['an AVIF with alpha', 'avif', () => plain(90, 60, RED, 0.5).avif({ effort: 0 }).toBuffer()],
  ['an AVIF of ten bits', 'avif', () => noisy(90, 60).avif({ effort: 0, bitdepth: 10 }).toBuffer()],
  ['an AVIF with Exif', 'avif', () => noisy(90, 60).withMetadata({ orientation: 6 }).avif({ effort: 0 }).toBuffer()],
];

test.for(SAMPLES)('%s is recognised, and its header says how many pixels it has', async ([, format, make]) => {
  const file = await make();
  expect(detectFormat(file)).toBe(format);
  const { pixels, decodingBytes, lacksEnd } = readImageHeader(file, format);
  expect({ pixels, lacksEnd }).toEqual({ pixels: 90 * 60, lacksEnd: false });
  expect(decodingBytes).toBeGreaterThan(0);
});

test.for([
  ['a HEIC', heicHeader()],
  ['an SVG', nestedSvg(30)],
  ['a GIF', Buffer.from('GIF89a--------------------')],
  ['a PDF', Buffer.from('%PDF-1.7----------------------')],
  ['a TIFF', Buffer.from('II*\0----------------------')],
  ['nothing', Buffer.alloc(0)],
  ['a container of no brand that we know', Buffer.from('\0\0\0\x14ftypmif1\0\0\0\0heic', 'latin1')],
] as const)('%s is refused', ([, file]) => {
  expect(detectFormat(file)).toBeNull();
});

test('an AVIF of the general brand mif1 is an AVIF', () => {
  expect(detectFormat(hostileFile('mif1-major.avif'))).toBe('avif');
});

describe('the scans of a JPEG', () => {
  test('are counted, and more than a hundred are refused', () => {
    expect(readJpegLayout(jpegOfScans(80, 80, 100)).scans).toBe(100);
    expect(() => readJpegLayout(jpegOfScans(80, 80, 101))).toThrow(new UnusableFile('CORRUPT'));
  });

  test('are fewer in a large picture', () => {
    expect(readJpegLayout(jpegOfScans(9_992, 10_000, 25)).scans).toBe(25);
    expect(() => readJpegLayout(jpegOfScans(9_992, 10_000, 26))).toThrow(new UnusableFile('CORRUPT'));
  });

  test('of the end that is lacking: in the data only, and not behind it', async () => {
    const file = await noisy(90, 60).jpeg().toBuffer();
    expect(readJpegLayout(file.subarray(0, -2)).lacksEnd).toBe(true);
    expect(readJpegLayout(Buffer.concat([file, Buffer.from('a film')])).lacksEnd).toBe(false);
    const several = await noisy(90, 60).jpeg({ progressive: true }).toBuffer();
    expect(readJpegLayout(several.subarray(0, -2)).lacksEnd).toBe(false);
  });
});

describe('an AVIF', () => {
  test('has as many pixels as its AV1 data, whatever its boxes claim', () => {
    const file = hostileFile('100mp.avif');
    expect(readAvifLayout(file)).toMatchObject({ pixels: 100_000_000, hasFullColour: true, isHighBitDepth: false });
    for (const at of positionsOf(file, 'ispe')) {
      file.writeUInt32BE(10, at + 8);
      file.writeUInt32BE(10, at + 12);
    }
    expect(readAvifLayout(file).pixels).toBe(100_000_000);
  });

  test('has the bits and colours that its AV1 data has', async () => {
    const layouts = await Promise.all(
      [8, 10].flatMap((bitdepth) =>
        (['4:2:0', '4:4:4'] as const).map(async (chromaSubsampling) =>
          readAvifLayout(
            await noisy(16, 16)
              .avif({ effort: 0, chromaSubsampling, bitdepth: bitdepth as 8 | 10 })
              .toBuffer(),
          ),
        ),
      ),
    );
    expect(layouts.map(({ isHighBitDepth, hasFullColour }) => [isHighBitDepth, hasFullColour])).toEqual([
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ]);
  });

  test('with a picture of another codec, or a canvas of another size, is refused', () => {
    for (const type of ['hvc1', 'iovl', 'unci', 'jpeg']) {
      const file = hostileFile('mif1-major.avif');
      file.write(type, positionsOf(file, 'av01')[0] ?? 0, 'latin1');
      expect(() => readAvifLayout(file)).toThrow(new UnusableFile('UNSUPPORTED_TYPE'));
    }
  });
});

test('a WebP that claims the largest canvas has that many pixels', async () => {
  const file = await plain(90, 60, RED, 0.5).webp().toBuffer();
  file.fill(0xff, 24, 30);
  expect(readImageHeader(file, 'webp').pixels).toBe(2 ** 48);
});

test('a PNG has the pixels that it claims', () => {
  expect(readImageHeader(lyingPng(30_000, 30_000), 'png').pixels).toBe(900_000_000);
});

describe('whatever the bytes', () => {
  const FORMATS: ImageFormat[] = ['jpeg', 'png', 'webp', 'avif'];

  /** Reads a file in all ways, and fails when one throws anything but UnusableFile. */
  async function readAll(file: Buffer): Promise<void> {
    detectFormat(file);
    const readers = [
      ...FORMATS.map((format) => async () => readImageHeader(file, format)),
      ...FORMATS.map((format) => async () => {
        const readPart = async (offset: number, length: number) => file.subarray(offset, offset + length);
        const exif = await findExif(format, file.subarray(0, 1_000), readPart);
        return exif && readExifPosition(exif);
      }),
      async () => readAv1Sequences(file),
      async () => readExifPosition(file),
    ];
    for (const read of readers) {
      await read().catch((error: unknown) => {
        if (!(error instanceof UnusableFile)) throw error;
      });
    }
  }

  test('the readers end with an answer or UnusableFile', async () => {
    const bytes = fc.uint8Array({ maxLength: 400 });
    await fc.assert(fc.asyncProperty(bytes, (data) => readAll(Buffer.from(data))));
    const starts = [
      '\xff\xd8\xff',
      '\0\0\0\x10ftypavif\0\0\0\0\0\0\0\x80meta\0\0\0\0',
      'RIFF\0\0\0\0WEBPVP8X',
      'II*\0',
    ];
    const started = fc.tuple(fc.constantFrom(...starts), bytes);
    await fc.assert(
      fc.asyncProperty(started, ([start, data]) => readAll(Buffer.concat([Buffer.from(start, 'latin1'), data]))),
    );
  });

  test('changed anywhere or cut, so do they with real files', async () => {
    const files = await Promise.all(SAMPLES.map(([, , make]) => make()));
    const change = fc.record({
      file: fc.constantFrom(...files),
      length: fc.nat(2_000),
      changes: fc.array(fc.tuple(fc.nat(700), fc.nat(255)), { maxLength: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(change, ({ file, length, changes }) => {
        const changed = Buffer.from(file.subarray(0, length));
        for (const [at, byte] of changes) if (at < changed.length) changed[at] = byte;
        return readAll(changed);
      }),
      { numRuns: 500 },
    );
  });
});
