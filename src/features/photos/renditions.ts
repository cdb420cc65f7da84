import { createHash } from 'node:crypto';
import sharp, { type Sharp } from 'sharp';
import { rgbaToThumbHash } from 'thumbhash';
import type { ImageSize, PhotoFailureCode } from '../../generated/graphql.ts';
import { ACCEPTED_TYPES } from './uploads.ts';

/** The width of each size, in pixels. The square has the same height. */
const WIDTHS: Record<ImageSize, number> = { SQUARE_150: 150, WIDTH_320: 320, WIDTH_640: 640, WIDTH_1080: 1080 };
/** The sizes in which every photo is stored. */
export const SIZES = Object.keys(WIDTHS) as ImageSize[];

/** The longest side of a JPEG, in pixels. */
const MAX_SIDE = 65_500;

/** Large files take long to decode. A file that takes longer than this is an attack or broken. */
const DECODE_SECONDS = 30;

/** The file cannot become a photo, and a retry would not help. */
export class UnusableFile extends Error {
  readonly code: PhotoFailureCode;

  constructor(code: PhotoFailureCode) {
    super(code);
    this.code = code;
  }
}

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

/**
 * Makes the renditions of a photo: upright, in sRGB, and without any metadata (GPS, camera, thumbnails). The bytes
 * decide what type the file has.
 *
 * @param declared the type and checksum that the client declared for the upload
 * @param maxPixels larger images are refused before they are decoded
 * @throws UnusableFile when the file is not an acceptable photo
 */
export async function makeRenditions(
  file: Buffer,
  declared: { contentType: string; sha256: Uint8Array },
  maxPixels: number,
): Promise<Renditions> {
  return checkAndDecode(file, declared, maxPixels, async (upright, autoOrient) => {
    // Decode once. The smaller renditions are made from the largest one.
    const base = await upright
      .resize({ ...renditionSize('WIDTH_1080', autoOrient.width, autoOrient.height), fit: 'fill' })
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { width: baseWidth, height: baseHeight, channels } = base.info;
    const fromBase = () => sharp(base.data, { raw: { width: baseWidth, height: baseHeight, channels } });
    const files = await Promise.all(
      SIZES.map(async (size) => {
        const target = renditionSize(size, autoOrient.width, autoOrient.height);
        const jpeg = await fromBase()
          .resize({ ...target, fit: size === 'SQUARE_150' ? 'cover' : 'fill' })
          .jpeg({ quality: 82, mozjpeg: true })
          .toBuffer();
        return { size, jpeg };
      }),
    );
    const thumbnail = await fromBase()
      .resize(100, 100, { fit: 'inside', withoutEnlargement: true })
      .ensureAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const thumbhash = rgbaToThumbHash(thumbnail.info.width, thumbnail.info.height, thumbnail.data);
    return { width: autoOrient.width, height: autoOrient.height, thumbhash, files };
  });
}

/** Makes a person's avatar, with the checks of `makeRenditions`: a square JPEG, cut from the middle. */
export function makeAvatar(
  file: Buffer,
  declared: { contentType: string; sha256: Uint8Array },
  maxPixels: number,
): Promise<Buffer> {
  return checkAndDecode(file, declared, maxPixels, (upright) =>
    upright.resize(AVATAR_SIDE, AVATAR_SIDE, { fit: 'cover' }).jpeg({ quality: 82, mozjpeg: true }).toBuffer(),
  );
}

/**
 * Checks a file and decodes it.
 *
 * @param render makes the result from the upright image; `size` is its width and height in pixels
 * @throws UnusableFile when the file is not an acceptable photo
 */
async function checkAndDecode<R>(
  file: Buffer,
  declared: { contentType: string; sha256: Uint8Array },
  maxPixels: number,
  render: (upright: Sharp, size: { width: number; height: number }) => Promise<R>,
): Promise<R> {
  if (!createHash('sha256').update(file).digest().equals(declared.sha256)) throw new UnusableFile('CHECKSUM_MISMATCH');
  const format = detectFormat(file);
  if (!format) throw new UnusableFile('UNSUPPORTED_TYPE');
  if (format !== ACCEPTED_TYPES[declared.contentType as keyof typeof ACCEPTED_TYPES])
    throw new UnusableFile('TYPE_MISMATCH');

  const image = sharp(file, { limitInputPixels: maxPixels, failOn: 'error', sequentialRead: true });
  try {
    const { width, height, autoOrient } = await image.metadata();
    if (width * height > maxPixels) throw new UnusableFile('TOO_MANY_PIXELS');
    const upright = image
      .clone()
      .autoOrient()
      .timeout({ seconds: DECODE_SECONDS })
      .flatten({ background: '#fff' })
      .toColourspace('srgb');
    return await render(upright, autoOrient);
  } catch (error) {
    if (error instanceof UnusableFile) throw error;
    // Every error of sharp is about the file, because decoding uses neither the network nor the disk.
    throw new UnusableFile(/pixel limit/i.test(String(error)) ? 'TOO_MANY_PIXELS' : 'CORRUPT');
  }
}

/** Detects the format of a file from its first bytes. Null when the format is not accepted. */
function detectFormat(file: Buffer): (typeof ACCEPTED_TYPES)[keyof typeof ACCEPTED_TYPES] | null {
  if (file.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return 'jpeg';
  if (file.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))) return 'png';
  if (file.toString('latin1', 0, 4) === 'RIFF' && file.toString('latin1', 8, 12) === 'WEBP') return 'webp';
  // HEIC is the same container with another codec. The brand distinguishes them (ISO/IEC 23000-22; AV1 Image File
  // Format, 6.2).
  if (file.toString('latin1', 4, 8) === 'ftyp' && ['avif', 'avis'].includes(file.toString('latin1', 8, 12)))
    return 'avif';
  return null;
}
