/** The sequence headers of AV1, which have its real size (AV1 specification, 5.3 and 5.5). */
import { UnusableFile } from './unusable-file.ts';

/** What a sequence header says about the pictures that follow. */
export interface Av1Sequence {
  /** The largest size, in pixels. */
  width: number;
  height: number;
  /** Whether a sample has more than eight bits. */
  isHighBitDepth: boolean;
  /** Whether colour has the resolution of brightness (4:4:4). If not, it has at most half of it. */
  hasFullColour: boolean;
}

const SEQUENCE_HEADER = 1;
/** Pictures have fewer than ten OBUs. */
const MAX_OBUS = 1_000;

/**
 * Reads all sequence headers in a picture's AV1 data, walking its OBUs.
 *
 * @throws UnusableFile CORRUPT when the data is cut or has more OBUs than a picture needs
 */
export function readAv1Sequences(data: Buffer): Av1Sequence[] {
  const sequences: Av1Sequence[] = [];
  let count = 0;
  for (let at = 0; at < data.length; ) {
    if (++count > MAX_OBUS) throw new UnusableFile('CORRUPT');
    const header = data[at] ?? 0;
    at += header & 4 ? 2 : 1;
    let end = data.length;
    if (header & 2) {
      const size = readLeb128(data, at);
      at = size.end;
      end = at + size.value;
    }
    if (end > data.length) throw new UnusableFile('CORRUPT');
    if (((header >> 3) & 15) === SEQUENCE_HEADER) sequences.push(readSequence(data.subarray(at, end)));
    at = end;
  }
  return sequences;
}

function readLeb128(data: Buffer, from: number): { value: number; end: number } {
  let value = 0;
  for (let index = 0; index < 8; index++) {
    const byte = data[from + index];
    if (byte === undefined) break;
    value += (byte & 127) * 128 ** index;
    if (byte < 128) return { value, end: from + index + 1 };
  }
  throw new UnusableFile('CORRUPT');
}

function readSequence(body: Buffer): Av1Sequence {
  const bits = bitReader(body);
  const profile = bits(3);
  bits(1);
  const isReduced = bits(1) === 1;
  if (isReduced) bits(5);
  else skipOperatingPoints(bits);
  const widthBits = bits(4) + 1;
  const heightBits = bits(4) + 1;
  const width = bits(widthBits) + 1;
  const height = bits(heightBits) + 1;
  if (!isReduced && bits(1)) bits(7);
  bits(3);
  if (!isReduced) skipTools(bits);
  bits(3);
  // Profile 0 has no full colour, and profile 2 is counted as having it.
  return { width, height, isHighBitDepth: bits(1) === 1, hasFullColour: profile > 0 };
}

type Bits = (count: number) => number;

function skipOperatingPoints(bits: Bits): void {
  let delayBits = 0;
  if (bits(1)) {
    bits(32);
    bits(32);
    if (bits(1)) skipUvlc(bits);
    if (bits(1)) {
      delayBits = bits(5) + 1;
      bits(32);
      bits(10);
    }
  }
  const hasDisplayDelay = bits(1) === 1;
  for (let left = bits(5) + 1; left > 0; left--) {
    bits(12);
    if (bits(5) > 7) bits(1);
    if (delayBits > 0 && bits(1)) {
      bits(delayBits);
      bits(delayBits);
      bits(1);
    }
    if (hasDisplayDelay && bits(1)) bits(4);
  }
}

function skipUvlc(bits: Bits): void {
  let zeros = 0;
  while (bits(1) === 0) zeros++;
  if (zeros < 32) bits(zeros);
}

function skipTools(bits: Bits): void {
  bits(4);
  const hasOrderHint = bits(1) === 1;
  if (hasOrderHint) bits(2);
  // Two bits choose the tools for screen content, and two more those for whole motion vectors.
  const screenContent = bits(1) || bits(1);
  if (screenContent && !bits(1)) bits(1);
  if (hasOrderHint) bits(3);
}

/** @throws UnusableFile CORRUPT, from the function that it returns, when the bits end */
function bitReader(body: Buffer): Bits {
  let at = 0;
  return (count) => {
    let value = 0;
    for (let left = count; left > 0; left--, at++) {
      const byte = body[at >> 3];
      if (byte === undefined) throw new UnusableFile('CORRUPT');
      value = value * 2 + ((byte >> (7 - (at & 7))) & 1);
    }
    return value;
  };
}
