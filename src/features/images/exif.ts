/**
 * Where a photo was taken, from the Exif data in its file (CIPA DC-008). Only a few bytes of the file are read, and
 * nothing is decoded. Libraries that read all of Exif copy each value; 5,000 entries may name the same 64 KB.
 */
import type { ImageFormat } from './formats.ts';
import { readHeifContents } from './heif.ts';
import { jpegSegments } from './jpeg.ts';
import { paddedSize } from './webp.ts';

/** Reads a part of a file: fewer bytes than `length` where the file ends. */
export type ReadPart = (offset: number, length: number) => Promise<Buffer>;

/** The Exif data of a JPEG has at most this many bytes, because a segment has no more. Other formats get the same. */
const MAX_EXIF_BYTES = 65_536;
/** A WebP has its Exif data after the picture. These many chunks may come before. */
const MAX_CHUNKS = 10;
const APP1 = 0xe1;

/**
 * Finds the Exif data of a photo: a TIFF structure.
 *
 * @param head the beginning of the file
 * @param readPart reads another part, where the format has its Exif data at the end
 * @returns null when there is none, or none at the beginning of a JPEG or PNG
 * @throws UnusableFile when the boxes of an AVIF make no sense
 */
export async function findExif(format: ImageFormat, head: Buffer, readPart: ReadPart): Promise<Buffer | null> {
  const exif = await findRawExif(format, head, readPart);
  // Some writers keep the prefix of JPEG in other formats.
  return exif && (exif.toString('latin1', 0, 4) === 'Exif' ? exif.subarray(6) : exif);
}

async function findRawExif(format: ImageFormat, head: Buffer, readPart: ReadPart): Promise<Buffer | null> {
  switch (format) {
    case 'jpeg':
      for (const { marker, body } of jpegSegments(head)) {
        if (marker === APP1 && body.toString('latin1', 0, 6) === 'Exif\0\0') return body;
      }
      return null;
    case 'png':
      for (let at = 8; at + 8 <= head.length; ) {
        const size = head.readUInt32BE(at);
        if (head.toString('latin1', at + 4, at + 8) === 'eXIf') return head.subarray(at + 8, at + 8 + size);
        at += 12 + size;
      }
      return null;
    case 'webp':
      return findInWebp(head, readPart);
    case 'avif': {
      const extent = readHeifContents(head).items.find(({ type }) => type === 'Exif')?.extents[0];
      if (!extent) return null;
      const data = await readPart(extent.offset, Math.min(extent.length, MAX_EXIF_BYTES));
      // The first four bytes say how many more precede the TIFF structure.
      return data.length < 4 ? null : data.subarray(4 + data.readUInt32BE(0));
    }
  }
}

async function findInWebp(head: Buffer, readPart: ReadPart): Promise<Buffer | null> {
  for (let at = 12, count = 0; count < MAX_CHUNKS; count++) {
    const chunk = at + 8 <= head.length ? head.subarray(at, at + 8) : await readPart(at, 8);
    if (chunk.length < 8) return null;
    const size = chunk.readUInt32LE(4);
    if (chunk.toString('latin1', 0, 4) === 'EXIF') return readPart(at + 8, Math.min(size, MAX_EXIF_BYTES));
    at += 8 + paddedSize(size);
  }
  return null;
}

/** A position in degrees, as the file has it: not checked. */
export interface ExifPosition {
  latitude: number;
  longitude: number;
}

const GPS_DIRECTORY = 0x8825;
/** The tags of the GPS directory. */
const LATITUDE_REFERENCE = 1;
const LATITUDE = 2;
const LONGITUDE_REFERENCE = 3;
const LONGITUDE = 4;

/** Reads the position in Exif data. @returns null when there is none */
export function readExifPosition(exif: Buffer): ExifPosition | null {
  const order = exif.toString('latin1', 0, 2);
  if (order !== 'II' && order !== 'MM') return null;
  const read = reader(exif, order === 'II');
  const main = readDirectory(read, read(4, 4));
  const pointer = main.get(GPS_DIRECTORY);
  if (pointer === undefined) return null;
  const gps = readDirectory(read, read(pointer + 8, 4));
  const latitude = readDegrees(read, gps.get(LATITUDE));
  const longitude = readDegrees(read, gps.get(LONGITUDE));
  if (latitude === null || longitude === null) return null;
  /** @param negative S or W, which makes the degrees negative */
  const isNegative = (tag: number, negative: string) => {
    const entry = gps.get(tag);
    return entry !== undefined && String.fromCharCode(read(entry + 8, 1)).toUpperCase() === negative;
  };
  return {
    latitude: isNegative(LATITUDE_REFERENCE, 'S') ? -latitude : latitude,
    longitude: isNegative(LONGITUDE_REFERENCE, 'W') ? -longitude : longitude,
  };
}

/** Reads a number of 1, 2 or 4 bytes; NaN outside the data. */
type Read = (at: number, size: number) => number;

function reader(data: Buffer, isLittleEndian: boolean): Read {
  return (at, size) => {
    if (!(at >= 0 && at + size <= data.length)) return Number.NaN;
    return isLittleEndian ? data.readUIntLE(at, size) : data.readUIntBE(at, size);
  };
}

/** The entries of a directory: where each tag's entry begins. A tag that comes twice counts once. */
function readDirectory(read: Read, at: number): Map<number, number> {
  const entries = new Map<number, number>();
  const count = read(at, 2);
  for (let index = 0; index < count; index++) {
    const entry = at + 2 + index * 12;
    const tag = read(entry, 2);
    if (Number.isNaN(tag)) break;
    if (!entries.has(tag)) entries.set(tag, entry);
  }
  return entries;
}

/** Reads degrees, minutes and seconds, of which the last two may be missing. */
function readDegrees(read: Read, entry: number | undefined): number | null {
  if (entry === undefined) return null;
  const count = Math.min(read(entry + 4, 4), 3);
  const at = read(entry + 8, 4);
  let sum = 0;
  for (let index = 0; index < count; index++) {
    sum += read(at + index * 8, 4) / read(at + index * 8 + 4, 4) / 60 ** index;
  }
  return count >= 1 && Number.isFinite(sum) ? sum : null;
}
