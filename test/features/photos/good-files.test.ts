import exifr from 'exifr';
import sharp, { type Sharp } from 'sharp';
import { rgbaToThumbHash, thumbHashToAverageRGBA, thumbHashToRGBA } from 'thumbhash';
import { describe, expect, inject, test } from 'vitest';
import { mustSee, type SeenImage, type SeenPhoto } from '../../support/backstage.ts';
import {
  BLUE,
  blackPng,
  type Colour,
  colourAt,
  difference,
  GREEN,
  plain,
  quarters,
  RED,
  turned,
  WHITE,
  withExtendedXmp,
  withXmpLocation,
  XMP_LOCATION,
} from '../../support/images.ts';
import { newPerson } from '../../support/people.ts';
import { newJpeg, publish, settled, share } from '../../support/photos.ts';
import { rowId } from '../../support/rows.ts';

const url = inject('url');

/** Shares a file and waits until it is READY. */
async function shareFile(file: Buffer, contentType: string): Promise<SeenPhoto> {
  const person = await newPerson(url);
  const id = await publish(person, file, '', contentType);
  expect(await settled(person, id)).toBe('READY');
  return mustSee(person, id);
}

function imagesOf({ square, w320, w640, w1080 }: SeenPhoto): SeenImage[] {
  const images = [square, w320, w640, w1080];
  return images.filter((image) => image !== null);
}

async function fetchImage(image: SeenImage | null): Promise<Buffer> {
  const response = await fetch(image?.url ?? '', { signal: AbortSignal.timeout(20_000) });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('image/jpeg');
  return Buffer.from(await response.arrayBuffer());
}

const TEAL: Colour = [20, 140, 130];
/** A colour that ink can print. */
const SAND: Colour = [190, 170, 140];

const FILES: [
  what: string,
  make: () => Promise<Buffer>,
  contentType: string,
  width: number,
  height: number,
  colour: Colour,
][] = [
  ['a JPEG', () => plain(90, 60, TEAL).jpeg().toBuffer(), 'image/jpeg', 90, 60, TEAL],
  ['a progressive JPEG', () => plain(90, 60, TEAL).jpeg({ progressive: true }).toBuffer(), 'image/jpeg', 90, 60, TEAL],
  [
    'a grayscale JPEG',
    () => plain(90, 60, [99, 99, 99]).grayscale().jpeg().toBuffer(),
    'image/jpeg',
    90,
    60,
    [99, 99, 99],
  ],
  ['a CMYK JPEG', () => plain(90, 60, SAND).toColourspace('cmyk').jpeg().toBuffer(), 'image/jpeg', 90, 60, SAND],
  ['an opaque PNG', () => plain(90, 60, TEAL).png().toBuffer(), 'image/png', 90, 60, TEAL],
  ['a transparent PNG', () => plain(90, 60, TEAL, 0).png().toBuffer(), 'image/png', 90, 60, WHITE],
  [
    'a half transparent PNG',
    () => plain(90, 60, [0, 0, 0], 0.5).png().toBuffer(),
    'image/png',
    90,
    60,
    [128, 128, 128],
  ],
  ['a 16-bit PNG', () => plain(90, 60, TEAL).toColourspace('rgb16').png().toBuffer(), 'image/png', 90, 60, TEAL],
  [
    'a 16-bit gray PNG',
    () => plain(90, 60, [99, 99, 99]).toColourspace('grey16').png().toBuffer(),
    'image/png',
    90,
    60,
    [99, 99, 99],
  ],
  ['a PNG with a palette', () => plain(90, 60, TEAL).png({ palette: true }).toBuffer(), 'image/png', 90, 60, TEAL],
  ['a PNG of one bit', () => blackPng(90, 60), 'image/png', 90, 60, [0, 0, 0]],
  ['a WebP', () => plain(90, 60, TEAL).webp().toBuffer(), 'image/webp', 90, 60, TEAL],
  ['a transparent WebP', () => plain(90, 60, TEAL, 0).webp({ lossless: true }).toBuffer(), 'image/webp', 90, 60, WHITE],
  ['an AVIF', () => plain(90, 60, TEAL).avif({ effort: 0 }).toBuffer(), 'image/avif', 90, 60, TEAL],
  ['a picture of one pixel', () => plain(1, 1, TEAL).png().toBuffer(), 'image/png', 1, 1, TEAL],
  ['a picture of 10 × 3,000', () => plain(10, 3_000, TEAL).jpeg().toBuffer(), 'image/jpeg', 10, 3_000, TEAL],
  ['a picture of 3,000 × 2', () => plain(3_000, 2, TEAL).png().toBuffer(), 'image/png', 3_000, 2, TEAL],
  ['a picture of 4,000 × 3,000', () => plain(4_000, 3_000, TEAL).jpeg().toBuffer(), 'image/jpeg', 4_000, 3_000, TEAL],
];

test.for(FILES)(
  '%s becomes READY in all sizes, in its own colours',
  async ([, make, contentType, width, height, colour]) => {
    const photo = await shareFile(await make(), contentType);
    expect(photo).toMatchObject({ width, height, failure: null });
    expect(photo.square).toMatchObject({ width: 150, height: 150 });
    for (const [image, limit] of [
      [photo.w320, 320],
      [photo.w640, 640],
      [photo.w1080, 1080],
    ] as const) {
      expect(image?.width).toBe(Math.min(limit, width));
      const exact = (height * Math.min(limit, width)) / width;
      expect(Math.abs((image?.height ?? 0) - exact)).toBeLessThan(1);
    }
    for (const image of imagesOf(photo)) {
      const file = await fetchImage(image);
      expect(await sharp(file).metadata()).toMatchObject({ format: 'jpeg', width: image.width, height: image.height });
      expect(difference(await colourAt(file, 0.5, 0.5), colour)).toBeLessThanOrEqual(12);
    }
    const thumbhash = Buffer.from(photo.thumbhash ?? '', 'base64');
    expect(thumbhash.length).toBeGreaterThan(4);
    expect(thumbhash.length).toBeLessThan(40);
    const { r, g, b, a } = thumbHashToAverageRGBA(thumbhash);
    expect(difference([r * 255, g * 255, b * 255], colour)).toBeLessThanOrEqual(20);
    expect(a).toBe(1);
  },
);

test('an image higher than a JPEG can be is not reported as damaged', async () => {
  const person = await newPerson(url);
  const id = await publish(person, await plain(2, 70_000, TEAL).png().toBuffer(), '', 'image/png');
  await settled(person, id);
  const photo = await mustSee(person, id);
  // It may be refused for its size or scaled down, but it is not damaged.
  expect(photo.failure?.code).not.toBe('CORRUPT');
  for (const image of imagesOf(photo)) {
    const { width, height } = image;
    expect(await sharp(await fetchImage(image)).metadata()).toMatchObject({ format: 'jpeg', width, height });
  }
});

test('the square is cut from the middle, and the other sizes show the whole photo', async () => {
  // Three stripes. The middle one is the square.
  const stripes = await sharp({ create: { width: 900, height: 300, channels: 3, background: '#00f' } })
    .composite([{ input: await plain(300, 300, RED).png().toBuffer(), left: 300, top: 0 }])
    .png()
    .toBuffer();
  const photo = await shareFile(stripes, 'image/png');
  const square = await fetchImage(photo.square);
  for (const across of [0.05, 0.5, 0.95]) expect(difference(await colourAt(square, across, 0.5), RED)).toBeLessThan(30);
  const whole = await fetchImage(photo.w640);
  expect(difference(await colourAt(whole, 0.1, 0.5), BLUE)).toBeLessThan(30);
  expect(difference(await colourAt(whole, 0.5, 0.5), RED)).toBeLessThan(30);
});

test.for([1, 2, 3, 4, 5, 6, 7, 8])('a photo with EXIF orientation %i comes out upright', async (orientation) => {
  const upright = quarters(120, 80);
  const { width, height, data } = turned(upright, orientation);
  const file = await sharp(data, { raw: { width, height, channels: 3 } })
    .withMetadata({ orientation })
    .jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
    .toBuffer();
  // The original is stored as the camera took it, not upright.
  expect(await sharp(file).metadata()).toMatchObject({ width, height, orientation });
  const photo = await shareFile(file, 'image/jpeg');
  expect(photo).toMatchObject({ width: 120, height: 80 });
  for (const image of imagesOf(photo)) {
    const rendition = await fetchImage(image);
    const meta = await sharp(rendition).metadata();
    expect(meta).toMatchObject({ width: image.width, height: image.height });
    expect(meta.orientation).toBeUndefined();
    const corners = await Promise.all(
      [
        [0.1, 0.1],
        [0.9, 0.1],
        [0.1, 0.9],
        [0.9, 0.9],
      ].map(([across = 0, down = 0]) => colourAt(rendition, across, down)),
    );
    const expected = [RED, GREEN, BLUE, WHITE];
    const differences = corners.map((corner, index) => difference(corner, expected[index] ?? WHITE));
    expect(Math.max(...differences), JSON.stringify(corners)).toBeLessThan(40);
  }
  // The placeholder is upright too: its left top is red.
  const { w, h, rgba } = thumbHashToRGBA(Buffer.from(photo.thumbhash ?? '', 'base64'));
  expect(w).toBeGreaterThan(h);
  const expected = rgbaToThumbHash(60, 40, new Uint8Array(quarterRgba(60, 40)));
  const reference = thumbHashToRGBA(expected);
  const corner = (h >> 3) * w * 4 + (w >> 3) * 4;
  const referenceCorner = (reference.h >> 3) * reference.w * 4 + (reference.w >> 3) * 4;
  const pick = (bytes: Uint8Array, offset: number): Colour => [
    bytes[offset] ?? 0,
    bytes[offset + 1] ?? 0,
    bytes[offset + 2] ?? 0,
  ];
  expect(difference(pick(rgba, corner), pick(reference.rgba, referenceCorner))).toBeLessThan(40);
});

function quarterRgba(width: number, height: number): number[] {
  const { data } = quarters(width, height);
  return Array.from({ length: width * height }, (_, pixel) => [...data.subarray(pixel * 3, pixel * 3 + 3), 255]).flat();
}

/** The markers of the segments in front of a JPEG's pixels, such as 0xe1 for EXIF and XMP. */
function segments(jpeg: Buffer): number[] {
  const markers: number[] = [];
  for (let offset = 2; offset < jpeg.length; offset += 2 + jpeg.readUInt16BE(offset + 2)) {
    expect(jpeg[offset]).toBe(0xff);
    const marker = jpeg[offset + 1] ?? 0;
    markers.push(marker);
    if (marker === 0xda) break;
  }
  return markers;
}

describe('metadata', () => {
  const SECRET = 'Ada lives at 12 Example Street';
  const everything = (picture: Sharp) =>
    picture
      .withIccProfile('p3')
      .withExif({
        IFD0: { Copyright: SECRET, Make: SECRET, ImageDescription: SECRET },
        IFD2: { UserComment: SECRET, BodySerialNumber: SECRET },
        IFD3: {
          GPSLatitudeRef: 'N',
          GPSLatitude: '51/1 30/1 3230/100',
          GPSLongitudeRef: 'W',
          GPSLongitude: '0/1 7/1 4366/100',
        },
      })
      .withXmp(
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
          '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" ' +
          `dc:source="${SECRET}"/></rdf:RDF></x:xmpmeta>`,
      );

  /** Adds a comment segment, which sharp cannot write. */
  function withComment(jpeg: Buffer): Buffer {
    const text = Buffer.from(SECRET, 'latin1');
    const head = Buffer.from([0xff, 0xfe, 0, text.length + 2]);
    return Buffer.concat([jpeg.subarray(0, 2), head, text, jpeg.subarray(2)]);
  }

  const kinds: [what: string, make: () => Promise<Buffer>, contentType: string][] = [
    [
      'JPEG',
      async () =>
        withComment(
          await everything(plain(1_200, 900, RED))
            .jpeg()
            .toBuffer(),
        ),
      'image/jpeg',
    ],
    [
      'PNG',
      () =>
        everything(plain(1_200, 900, RED))
          .png()
          .toBuffer(),
      'image/png',
    ],
    [
      'WebP',
      () =>
        everything(plain(1_200, 900, RED))
          .webp()
          .toBuffer(),
      'image/webp',
    ],
    [
      'AVIF',
      () =>
        everything(plain(1_200, 900, RED))
          .avif({ effort: 0 })
          .toBuffer(),
      'image/avif',
    ],
  ];
  test.for(kinds)(
    'of a %s is in none of the renditions: no GPS, EXIF, XMP, profile or comment',
    async ([, make, contentType]) => {
      const file = await make();
      // The original has the metadata.
      const sent = await sharp(file).metadata();
      expect(sent.exif?.toString('latin1')).toContain(SECRET);
      expect(sent.icc).toBeDefined();
      if (contentType === 'image/jpeg')
        expect(await exifr.gps(file)).toMatchObject({ latitude: expect.closeTo(51.5, 1) });

      const images = imagesOf(await shareFile(file, contentType));
      expect(images).toHaveLength(4);
      for (const image of images) {
        const rendition = await fetchImage(image);
        const meta = await sharp(rendition).metadata();
        for (const key of ['exif', 'icc', 'iptc', 'xmp', 'comments', 'orientation', 'tifftagPhotoshop'] as const) {
          expect(meta[key], key).toBeUndefined();
        }
        expect(await exifr.gps(rendition)).toBeUndefined();
        expect(
          await exifr.parse(rendition, { tiff: true, xmp: true, icc: true, iptc: true, gps: true }),
        ).toBeUndefined();
        expect(rendition.includes('Ada')).toBe(false);
        // Only tables, frame, scan and the application segment of JFIF, which reveals nothing.
        expect(new Set(segments(rendition)).difference(new Set([0xe0, 0xdb, 0xc0, 0xc2, 0xc4, 0xda, 0xdd]))).toEqual(
          new Set(),
        );
      }
    },
  );

  const located = () => withXmpLocation(plain(1_200, 900, RED));
  test.for<[what: string, make: () => Promise<Buffer>, contentType: string]>([
    ['JPEG', async () => withExtendedXmp(await located().jpeg().toBuffer()), 'image/jpeg'],
    ['PNG', () => located().png().toBuffer(), 'image/png'],
    ['WebP', () => located().webp().toBuffer(), 'image/webp'],
    ['AVIF', () => located().avif({ effort: 0 }).toBuffer(), 'image/avif'],
  ])('a point that stands only in the XMP of a %s is in none of the files', async ([, make, contentType]) => {
    const file = await make();
    // PNG compresses it.
    const { xmpAsString = '' } = await sharp(file).metadata();
    expect(file.toString('latin1') + xmpAsString).toMatch(XMP_LOCATION);
    const photo = await shareFile(file, contentType);
    const files = await Promise.all(imagesOf(photo).map(fetchImage));
    expect(files).toHaveLength(4);
    for (const served of files) {
      expect(served.toString('latin1')).not.toMatch(XMP_LOCATION);
      expect(await exifr.parse(served, { xmp: true, gps: true })).toBeUndefined();
    }
  });

  test('with a wide colour profile is applied to the pixels before it is removed', async () => {
    const file = await plain(64, 64, GREEN).withIccProfile('p3').png().toBuffer();
    const photo = await shareFile(file, 'image/png');
    // Without the profile, the file’s pixels are a different green.
    const { data } = await sharp(file, { ignoreIcc: true }).raw().toBuffer({ resolveWithObject: true });
    expect(data[0]).toBeGreaterThan(60);
    expect(difference(await colourAt(await fetchImage(photo.w320), 0.5, 0.5), GREEN)).toBeLessThan(25);
  });
});

test('the URLs of a photo’s files cannot be guessed', async () => {
  const person = await newPerson(url);
  const ids = [await share(person), await share(person)];
  const photos = await Promise.all(ids.map((id) => mustSee(person, id)));
  const keys = photos.map((photo) => {
    const folders = imagesOf(photo).map((image) => /\/media\/([0-9a-f]{32})\/[^/]+$/.exec(image.url)?.[1]);
    expect(new Set(folders).size).toBe(1);
    return folders[0] ?? '';
  });
  expect(keys[0]).not.toBe(keys[1]);
  for (const [index, id] of ids.entries()) {
    const known = [id, String(rowId(id)), rowId(id).toString(16), String(rowId(person.id)), person.username];
    for (const image of imagesOf(photos[index] as SeenPhoto)) {
      for (const part of known) expect(image.url).not.toContain(part);
    }
  }
  // The keys of two photos that one person shares in a row have no more in common than by chance: 1 digit in 16.
  const same = [...(keys[0] ?? '')].filter((digit, index) => digit === keys[1]?.[index]).length;
  expect(same).toBeLessThan(16);
});

test('clients and CDNs may cache the files of a photo for ever', async () => {
  const person = await newPerson(url);
  const { w320 } = await mustSee(person, await publishReady(person));
  const response = await fetch(w320?.url ?? '');
  expect(response.headers.get('cache-control')).toContain('immutable');
});

async function publishReady(person: Awaited<ReturnType<typeof newPerson>>): Promise<string> {
  const id = await publish(person, await newJpeg());
  expect(await settled(person, id)).toBe('READY');
  return id;
}
