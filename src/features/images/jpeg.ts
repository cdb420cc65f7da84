/** The markers of a JPEG (ITU-T T.81, annex B), read without decoding anything. */
import { UnusableFile } from './unusable-file.ts';

/** What the markers of a JPEG say. */
export interface JpegLayout {
  /** In pixels. */
  width: number;
  height: number;
  /** The number of passes over the picture. A baseline JPEG has one. */
  scans: number;
  /**
   * The bytes that libjpeg keeps for the coefficients of a picture that it reads in several passes; 0 when it reads it
   * in one.
   */
  coefficientBytes: number;
  /**
   * Whether the file ends within the data of its only pass, without the marker for the end of the image. When there are
   * several passes, nobody can tell whether one more was to come.
   */
  lacksEnd: boolean;
}

/** Start of scan, end of image, start of image. */
const SOS = 0xda;
const EOI = 0xd9;
const SOI = 0xd8;
/** The last of the eight restart markers, which begin at 0xd0. */
const LAST_RST = 0xd7;

/**
 * The most passes over a picture. Encoders write about ten, and those that search for the smallest file at most some
 * twenty. A file of 1 MB can hold thousands, and each may cost a walk over all pixels.
 */
const MAX_SCANS = 100;
/** The most scans × pixels: 25 scans of 100 megapixels, or 100 of 25. */
const MAX_SCANNED_PIXELS = 2_500_000_000;

/**
 * Walks the markers of a whole JPEG, once, as libjpeg does. A marker that libjpeg would not reach may be counted, but
 * none that it reaches is missed.
 *
 * @throws UnusableFile CORRUPT when the file has no frame, or more scans than any camera or encoder writes
 */
export function readJpegLayout(file: Buffer): JpegLayout {
  let frame: { width: number; height: number; components: number; coefficientBytes: number } | null = null;
  let scans = 0;
  let hasSeveralPasses = false;
  let marker = 0;
  for (let at = 2; ; ) {
    at = nextMarker(file, at);
    if (at >= file.length) break;
    marker = file[at] ?? 0;
    at++;
    if (marker === EOI) break;
    if (!hasLength(marker)) continue;
    if (at + 2 > file.length) break;
    const end = at + file.readUInt16BE(at);
    if (isFrame(marker)) {
      // libjpeg refuses a second frame.
      frame ??= readFrame(file.subarray(at + 2, end));
      hasSeveralPasses ||= isProgressive(marker);
    }
    if (marker === SOS) {
      scans++;
      hasSeveralPasses ||= scans > 1 || (file[at + 2] ?? 0) < (frame?.components ?? 0);
      if (scans > MAX_SCANS) throw new UnusableFile('CORRUPT');
    }
    at = Math.max(at + 2, end);
  }
  if (!frame || scans === 0) throw new UnusableFile('CORRUPT');
  const { width, height, coefficientBytes } = frame;
  if (scans * width * height > MAX_SCANNED_PIXELS && scans > 1) throw new UnusableFile('CORRUPT');
  const lacksEnd = !hasSeveralPasses && (marker === SOS || (marker >= 0xd0 && marker <= LAST_RST));
  return { width, height, scans, coefficientBytes: hasSeveralPasses ? coefficientBytes : 0, lacksEnd };
}

/**
 * Yields the segments of a JPEG's header, up to the first scan.
 *
 * @param head the beginning of the file. A segment that it cuts is yielded as far as it goes
 */
export function* jpegSegments(head: Buffer): Generator<{ marker: number; body: Buffer }, void, void> {
  for (let at = nextMarker(head, 2); at + 3 <= head.length; ) {
    const marker = head[at] ?? 0;
    if (marker === SOS || marker === EOI) return;
    const end = hasLength(marker) ? at + 1 + Math.max(2, head.readUInt16BE(at + 1)) : at + 1;
    if (hasLength(marker)) yield { marker, body: head.subarray(at + 3, end) };
    at = nextMarker(head, end);
  }
}

/** The position of the next marker's code, after its 0xff; the file's length without one. */
function nextMarker(file: Buffer, from: number): number {
  let isAfterFill = false;
  for (let at = from; at < file.length; at++) {
    const byte = file[at];
    // 0xff 0x00 is a byte of data, and 0xff may be repeated before a marker's code.
    if (isAfterFill && byte !== 0 && byte !== 0xff) return at;
    isAfterFill = byte === 0xff;
  }
  return file.length;
}

/** Whether a length follows a marker: not after restart markers, and those that libjpeg skips or refuses. */
function hasLength(marker: number): boolean {
  return marker >= 0xc0 && (marker < 0xd0 || marker > SOI);
}

/** Whether a marker begins a frame: 0xc0 to 0xcf, but for tables of Huffman and arithmetic codes and for extensions. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function isProgressive(marker: number): boolean {
  return (marker & 3) === 2;
}

function readFrame(body: Buffer) {
  const [components = 0] = body.subarray(5, 6);
  if (body.length < 6 + components * 3 || components === 0) throw new UnusableFile('CORRUPT');
  const height = body.readUInt16BE(1);
  const width = body.readUInt16BE(3);
  const samplings = Array.from({ length: components }, (_, index) => body[7 + index * 3] ?? 0);
  const across = Math.max(...samplings.map((sampling) => sampling >> 4));
  const down = Math.max(...samplings.map((sampling) => sampling & 15));
  if (width * height * across * down === 0) throw new UnusableFile('CORRUPT');
  const units = Math.ceil(width / (8 * across)) * Math.ceil(height / (8 * down));
  const blocks = samplings.reduce((sum, sampling) => sum + units * (sampling >> 4) * (sampling & 15), 0);
  // A block has 64 coefficients of two bytes.
  return { width, height, components, coefficientBytes: blocks * 128 };
}
