/** The chunks of a WebP file (RFC 9649), read without decoding anything. */
import { UnusableFile } from './unusable-file.ts';

/** What the chunks of a WebP say. */
export interface WebpLayout {
  /** In pixels. */
  width: number;
  height: number;
  /** `lossy` only when the file has nothing but a lossy picture; `animated` may have pictures of any kind. */
  kind: 'lossy' | 'lossless' | 'animated';
}

/** A picture has at most a few chunks before its data. */
const MAX_CHUNKS = 10;

/**
 * Reads the size of a WebP and how its picture is stored.
 *
 * @throws UnusableFile CORRUPT when the file has no picture
 */
export function readWebpLayout(file: Buffer): WebpLayout {
  let canvas: { width: number; height: number } | null = null;
  let hasAlpha = false;
  for (let at = 12, count = 0; at + 18 <= file.length && count < MAX_CHUNKS; count++) {
    const type = file.toString('latin1', at, at + 4);
    const start = at + 8;
    if (type === 'VP8X') {
      canvas = { width: file.readUIntLE(start + 4, 3) + 1, height: file.readUIntLE(start + 7, 3) + 1 };
      if ((file[start] ?? 0) & 2) return { ...canvas, kind: 'animated' };
    } else if (type === 'ALPH') {
      hasAlpha = true;
    } else if (type === 'VP8 ') {
      const size = { width: file.readUInt16LE(start + 6) & 0x3fff, height: file.readUInt16LE(start + 8) & 0x3fff };
      return { ...largest(canvas, size), kind: hasAlpha ? 'lossless' : 'lossy' };
    } else if (type === 'VP8L') {
      const bits = file.readUInt32LE(start + 1);
      const size = { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
      return { ...largest(canvas, size), kind: 'lossless' };
    }
    at = start + paddedSize(file.readUInt32LE(at + 4));
  }
  throw new UnusableFile('CORRUPT');
}

/** The length of a chunk's contents in the file: chunks begin at even positions. */
export function paddedSize(size: number): number {
  return size + (size % 2);
}

function largest(canvas: { width: number; height: number } | null, size: { width: number; height: number }) {
  return {
    width: Math.max(canvas?.width ?? 0, size.width),
    height: Math.max(canvas?.height ?? 0, size.height),
  };
}
