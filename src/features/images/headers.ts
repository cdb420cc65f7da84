import type { ImageFormat } from './formats.ts';
import { readAvifLayout } from './heif.ts';
import { readJpegLayout } from './jpeg.ts';
import { UnusableFile } from './unusable-file.ts';
import { readWebpLayout } from './webp.ts';

/** What a file says about its picture, before anything is decoded. */
export interface ImageHeader {
  /** Width × height of the picture, or of all the pictures that the decoder must decode to make one. */
  pixels: number;
  /** About how much memory decoding takes, in bytes; measured with sharp 0.35. The estimate is rather too high. */
  decodingBytes: number;
  /** Whether a JPEG's data is there but not the marker after it. */
  lacksEnd: boolean;
}

/** libvips keeps about this many rows of a picture while it makes a smaller one. */
const ROWS = 1_400;

function rowBytes(width: number, height: number, bytesPerPixel: number): number {
  return width * bytesPerPixel * Math.min(height, ROWS);
}

/**
 * Reads the header of a file.
 *
 * @param file the whole file
 * @throws UnusableFile CORRUPT when it has no valid header or more passes than any encoder writes, UNSUPPORTED_TYPE
 * when it is a container of another codec
 */
export function readImageHeader(file: Buffer, format: ImageFormat): ImageHeader {
  switch (format) {
    case 'jpeg': {
      const { width, height, coefficientBytes, lacksEnd } = readJpegLayout(file);
      // The baseline costs rows only. Other passes need the coefficients of the whole picture.
      return { pixels: width * height, decodingBytes: coefficientBytes + rowBytes(width, height, 3), lacksEnd };
    }
    case 'png':
      return { ...readPngHeader(file), lacksEnd: false };
    case 'webp': {
      const { width, height, kind } = readWebpLayout(file);
      const bytesPerPixel = { lossy: 1, lossless: 8, animated: 12 }[kind];
      return {
        pixels: width * height,
        decodingBytes: width * height * bytesPerPixel + rowBytes(width, height, 4),
        lacksEnd: false,
      };
    }
    case 'avif': {
      const { pixels, isHighBitDepth, hasFullColour, hasAlpha } = readAvifLayout(file);
      // The decoder holds the whole picture several times: as AV1's planes, as libheif's, as RGB, and as libvips' rows.
      const bytesPerPixel = isHighBitDepth
        ? hasFullColour || hasAlpha
          ? 25
          : 18
        : 15 + (hasFullColour ? 3 : 0) + (hasAlpha ? 1 : 0);
      return { pixels, decodingBytes: pixels * bytesPerPixel, lacksEnd: false };
    }
  }
}

/** The chunk IHDR, which comes first (PNG specification, 11.2.1). */
function readPngHeader(file: Buffer): { pixels: number; decodingBytes: number } {
  if (file.length < 33 || file.toString('latin1', 12, 16) !== 'IHDR') throw new UnusableFile('CORRUPT');
  const width = file.readUInt32BE(16);
  const height = file.readUInt32BE(20);
  const [depth = 0, colourType = 0, , , interlacing = 0] = file.subarray(24);
  // Palettes and transparent colours are expanded to red, green, blue and alpha.
  const channels = (colourType & 3) === 0 ? 2 : 4;
  const bytesPerPixel = channels * (depth > 8 ? 2 : 1);
  const whole = interlacing ? width * height * bytesPerPixel * 1.2 : 0;
  const decodingBytes = whole + rowBytes(width, height, bytesPerPixel);
  return { pixels: width * height, decodingBytes };
}
