import { createHash } from 'node:crypto';
import sharp, { type Sharp } from 'sharp';
import { rgbaToThumbHash } from 'thumbhash';
import type { ImageSize } from '../../generated/graphql.ts';
import { DecodingTimeout } from '../images/decoding-attempts.ts';
import { LARGE_DECODING_BYTES, MAX_DECODING_BYTES } from '../images/decoding-budget.ts';
import { ACCEPTED_TYPES, detectFormat } from '../images/formats.ts';
import { type ImageHeader, readImageHeader } from '../images/headers.ts';
import { UnusableFile } from '../images/unusable-file.ts';

// libvips has loaders for SVG, PDF, GIF and more. Nothing but the accepted formats is ever decoded, in no process that
// imports sharp: only this module does.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: [
    'VipsForeignLoadJpegBuffer',
    'VipsForeignLoadPngBuffer',
    'VipsForeignLoadWebpBuffer',
    'VipsForeignLoadHeifBuffer',
  ],
});
// Every file is decoded once, so a cache would only keep memory.
sharp.cache(false);

/** The width of each size, in pixels. The square has the same height. */
const WIDTHS: Record<ImageSize, number> = { SQUARE_150: 150, WIDTH_320: 320, WIDTH_640: 640, WIDTH_1080: 1080 };
/** The sizes in which every photo is stored. */
export const SIZES = Object.keys(WIDTHS) as ImageSize[];

/** The longest side of a JPEG, in pixels. */
const MAX_SIDE = 65_500;

/** Large files take long to decode. A file that takes longer than this is an attack or broken. */
const DECODE_SECONDS = 30;

/** The marker that ends a JPEG. */
const END_OF_JPEG = Buffer.from([0xff, 0xd9]);

/** The result of decoding a file. */
export interface Renditions {
  /** The size of the upright photo, in pixels. */
  width: number;
  height: number;
  thumbhash: Uint8Array;
  files: { size: ImageSize; jpeg: Buffer }[];
}

/** The width and height of avatars, in pixels. */
export const AVATAR_SIDE = 320;

/** The pixels of a photo in a size. Only the square can be larger than the original. */
export function renditionSize(size: ImageSize, width: number, height: number): { width: number; height: number } {
  if (size === 'SQUARE_150') return { width: 150, height: 150 };
  const fitted = Math.min(WIDTHS[size], width, Math.max(1, Math.floor((width * MAX_SIDE) / height)));
  return { width: fitted, height: Math.min(MAX_SIDE, Math.max(1, Math.round((height * fitted) / width))) };
}

/** A file that may be decoded: the checks have found no reason against it. */
export interface CheckedFile extends ImageHeader {
  file: Buffer;
  /** Whether decoding it takes so much memory that such files are processed one after the other. */
  isLarge: boolean;
}

/**
 * Checks a file before it is decoded. The bytes decide what type the file has.
 *
 * @param declared the type and checksum that the client declared for the upload
 * @param maxPixels larger images are refused; so are smaller ones that take too much memory in their format
 * @throws UnusableFile when the file is not an acceptable photo
 */
export function checkFile(
  file: Buffer,
  declared: { contentType: string; sha256: Uint8Array },
  maxPixels: number,
): CheckedFile {
  if (!createHash('sha256').update(file).digest().equals(declared.sha256)) throw new UnusableFile('CHECKSUM_MISMATCH');
  const format = detectFormat(file);
  if (!format) throw new UnusableFile('UNSUPPORTED_TYPE');
  if (format !== ACCEPTED_TYPES[declared.contentType as keyof typeof ACCEPTED_TYPES])
    throw new UnusableFile('TYPE_MISMATCH');
  const header = readImageHeader(file, format);
  if (header.pixels === 0) throw new UnusableFile('CORRUPT');
  if (header.pixels > maxPixels || header.decodingBytes > MAX_DECODING_BYTES) throw new UnusableFile('TOO_MANY_PIXELS');
  return { ...header, file, isLarge: header.decodingBytes > LARGE_DECODING_BYTES };
}

/**
 * Makes the renditions of a photo: upright, in sRGB, and without any metadata (GPS, camera, thumbnails).
 *
 * @throws UnusableFile when the file is damaged
 * @throws DecodingTimeout when the decoder took too long
 */
export async function makeRenditions(checked: CheckedFile): Promise<Renditions> {
  return decode(checked, async (upright, autoOrient) => {
    // Decode once. The smaller renditions are made from the largest one.
    const base = await upright
      .resize({ ...renditionSize('WIDTH_1080', autoOrient.width, autoOrient.height), fit: 'fill' })
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { width: baseWidth, height: baseHeight, channels } = base.info;
    const fromBase = () => sharp(base.data, { raw: { width: baseWidth, height: baseHeight, channels } });
    // One after the other, because each keeps a processor busy, and a worker makes those of several photos at a time.
    const files: Renditions['files'] = [];
    for (const size of SIZES) {
      const target = renditionSize(size, autoOrient.width, autoOrient.height);
      const jpeg = await fromBase()
        .resize({ ...target, fit: size === 'SQUARE_150' ? 'cover' : 'fill' })
        .jpeg({ quality: 82, mozjpeg: true })
        .toBuffer();
      files.push({ size, jpeg });
    }
    const thumbnail = await fromBase()
      .resize(100, 100, { fit: 'inside', withoutEnlargement: true })
      .ensureAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const thumbhash = rgbaToThumbHash(thumbnail.info.width, thumbnail.info.height, thumbnail.data);
    return { width: autoOrient.width, height: autoOrient.height, thumbhash, files };
  });
}

/** Makes a person's avatar: a square JPEG, cut from the middle. It throws what `makeRenditions` throws. */
export function makeAvatar(checked: CheckedFile): Promise<Buffer> {
  return decode(checked, (upright) =>
    upright.resize(AVATAR_SIDE, AVATAR_SIDE, { fit: 'cover' }).jpeg({ quality: 82, mozjpeg: true }).toBuffer(),
  );
}

/**
 * Decodes a file.
 *
 * @param render makes the result from the upright image; `size` is its width and height in pixels
 */
async function decode<R>(
  { file, pixels, lacksEnd }: CheckedFile,
  render: (upright: Sharp, size: { width: number; height: number }) => Promise<R>,
): Promise<R> {
  // A JPEG whose data is whole but for the last marker is shown by browsers. With the marker added, the decoder warns
  // when it has to make up data that is missing.
  const image = sharp(lacksEnd ? Buffer.concat([file, END_OF_JPEG]) : file, {
    limitInputPixels: pixels,
    failOn: lacksEnd ? 'warning' : 'error',
    sequentialRead: true,
  });
  try {
    const { autoOrient } = await image.metadata();
    const upright = image
      .clone()
      .autoOrient()
      .timeout({ seconds: DECODE_SECONDS })
      .flatten({ background: '#fff' })
      .toColourspace('srgb');
    return await render(upright, autoOrient);
  } catch (error) {
    if (/timeout: \d+% complete/.test(String(error))) throw new DecodingTimeout();
    // Every other error of sharp is about the file, because decoding uses neither the network nor the disk.
    throw new UnusableFile(/pixel limit/i.test(String(error)) ? 'TOO_MANY_PIXELS' : 'CORRUPT');
  }
}
