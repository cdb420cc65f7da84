/** The boxes of an AVIF file (ISO/IEC 14496-12 and 23008-12), read without decoding anything. */
import { type Av1Sequence, readAv1Sequences } from './av1.ts';
import { UnusableFile } from './unusable-file.ts';

/** A part of a file, in bytes. */
interface Extent {
  offset: number;
  length: number;
}

/** A picture, a part of one, or metadata. */
export interface HeifItem {
  id: number;
  /** Such as `av01` or `Exif`. */
  type: string;
  /** Where its data is in the file. */
  extents: Extent[];
}

/** What the box `meta` says. */
interface HeifContents {
  items: HeifItem[];
  /** The sizes that the file claims for its pictures, in pixels. */
  sizes: { width: number; height: number }[];
  /** AV1 data that comes before the data of the pictures. */
  configurations: Buffer[];
  hasAlpha: boolean;
}

/** A grid of tiles, as phones write large pictures, has some hundreds of items. */
const MAX_ITEMS = 2_000;
/** The boxes at one level. A picture has at most a few properties for each item. */
const MAX_BOXES = 10_000;

/**
 * The kinds of items in an AVIF. Any other kind is another codec, or draws on a canvas of a size of its own: the
 * decoder would reserve memory for it before we know how much.
 */
const ITEM_TYPES = new Set(['av01', 'grid', 'tmap', 'Exif', 'mime', 'uri ']);

/** What decoding an AVIF costs. */
export interface AvifLayout {
  /** The pixels of all tiles of a grid, or of the largest picture. */
  pixels: number;
  isHighBitDepth: boolean;
  hasFullColour: boolean;
  hasAlpha: boolean;
}

/**
 * Reads what an AVIF claims about its size, and what its AV1 data really has: a small claim does not make a large
 * picture small for the decoder.
 *
 * @param file the whole file
 * @throws UnusableFile CORRUPT when the boxes make no sense, UNSUPPORTED_TYPE when another codec is in them
 */
export function readAvifLayout(file: Buffer): AvifLayout {
  const { items, sizes, configurations, hasAlpha } = readHeifContents(file);
  if (items.some(({ type }) => !ITEM_TYPES.has(type))) throw new UnusableFile('UNSUPPORTED_TYPE');
  const claimed = sizes.map(({ width, height }) => width * height);
  const largest = (sequences: Av1Sequence[]) => Math.max(0, ...sequences.map(({ width, height }) => width * height));
  const pictures = items.filter(({ type }) => type === 'av01').map((item) => readAv1Sequences(readItem(file, item)));
  const sequences = [...pictures.flat(), ...configurations.flatMap(readAv1Sequences)];
  const grids = items.filter(({ type }) => type === 'grid').map((item) => gridPixels(readItem(file, item)));
  const tiles = grids.length > 0 ? pictures.reduce((sum, picture) => sum + largest(picture), 0) : 0;
  if (sequences.length === 0) throw new UnusableFile('CORRUPT');
  return {
    pixels: Math.max(tiles, largest(sequences), ...claimed, ...grids),
    isHighBitDepth: sequences.some((sequence) => sequence.isHighBitDepth),
    hasFullColour: sequences.some((sequence) => sequence.hasFullColour),
    hasAlpha,
  };
}

/**
 * Reads the box `meta`.
 *
 * @param file the file, or a beginning of it that contains the whole box. Positions of items may be beyond its end
 * @throws UnusableFile CORRUPT when there is no such box or it makes no sense
 */
export function readHeifContents(file: Buffer): HeifContents {
  const meta = only(boxes(file, 0, file.length), 'meta');
  if (!meta) throw new UnusableFile('CORRUPT');
  return withinFile(() => {
    const children = boxes(file, meta.start + 4, meta.end);
    const [infos, locations] = [only(children, 'iinf'), only(children, 'iloc')];
    const [itemData, properties] = [only(children, 'idat'), only(children, 'iprp')];
    const types = infos ? readItemTypes(file, infos) : new Map<number, string>();
    const extents = locations
      ? readItemExtents(file.subarray(locations.start, locations.end), itemData?.start ?? null)
      : new Map<number, Extent[]>();
    const container = properties && only(boxes(file, properties.start, properties.end), 'ipco');
    const all = container ? boxes(file, container.start, container.end) : [];
    const ofType = (type: string) => all.filter((box) => box.type === type);
    return {
      items: Array.from(types, ([id, type]) => ({ id, type, extents: extents.get(id) ?? [] })),
      sizes: ofType('ispe').map(({ start }) => ({
        width: file.readUInt32BE(start + 4),
        height: file.readUInt32BE(start + 8),
      })),
      configurations: ofType('av1C').map(({ start, end }) => file.subarray(start + 4, end)),
      hasAlpha: ofType('auxC').length > 0,
    };
  });
}

/** The data of an item. @throws UnusableFile CORRUPT when it is not within the file, or repeats parts of it */
function readItem(file: Buffer, { extents }: HeifItem): Buffer {
  const parts = extents.map(({ offset, length }) =>
    file.subarray(offset, length === 0 ? file.length : offset + length),
  );
  const total = extents.reduce((sum, { offset, length }) => sum + (length || Math.max(0, file.length - offset)), 0);
  const isWhole = parts.reduce((sum, part) => sum + part.length, 0) === total;
  if (!isWhole || total > file.length || parts.length === 0) throw new UnusableFile('CORRUPT');
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
}

/** The size of the canvas of a grid (ISO/IEC 23008-12, 6.6.2.3), in pixels. */
function gridPixels(data: Buffer): number {
  return withinFile(() => {
    const isLong = ((data[1] ?? 0) & 1) === 1;
    return isLong ? data.readUInt32BE(4) * data.readUInt32BE(8) : data.readUInt16BE(4) * data.readUInt16BE(6);
  });
}

interface Box {
  type: string;
  /** The first byte of its contents, and the byte after its last one. */
  start: number;
  end: number;
}

/** The boxes between two positions. The last one is cut where the file ends. */
function boxes(file: Buffer, from: number, to: number): Box[] {
  const list: Box[] = [];
  for (let at = from; at + 8 <= to; ) {
    let size = file.readUInt32BE(at);
    let start = at + 8;
    if (size === 1 && at + 16 <= to) {
      size = file.readUInt32BE(at + 8) * 2 ** 32 + file.readUInt32BE(at + 12);
      start += 8;
    } else if (size === 0) {
      size = to - at;
    }
    if (at + size < start || list.length >= MAX_BOXES) throw new UnusableFile('CORRUPT');
    list.push({ type: file.toString('latin1', at + 4, at + 8), start, end: Math.min(at + size, to) });
    at += size;
  }
  return list;
}

/**
 * The box of a type.
 *
 * @throws UnusableFile CORRUPT when there are several: the decoder might read another one than we do
 */
function only(list: readonly Box[], type: string): Box | undefined {
  const [first, ...others] = list.filter((box) => box.type === type);
  if (others.length > 0) throw new UnusableFile('CORRUPT');
  return first;
}

/** The types of the items, by id (the boxes `iinf` and `infe`). */
function readItemTypes(file: Buffer, { start, end }: Box): Map<number, string> {
  const isShort = file[start] === 0;
  const entries = boxes(file, start + (isShort ? 6 : 8), end);
  if (entries.length > MAX_ITEMS) throw new UnusableFile('CORRUPT');
  return new Map(
    entries.map((entry) => {
      const version = file[entry.start] ?? 0;
      const at = entry.start + 4;
      if (version === 2) return [file.readUInt16BE(at), file.toString('latin1', at + 4, at + 8)];
      if (version === 3) return [file.readUInt32BE(at), file.toString('latin1', at + 6, at + 10)];
      // Earlier versions have no types.
      throw new UnusableFile('CORRUPT');
    }),
  );
}

/**
 * Where the items are, by id (the box `iloc`).
 *
 * @param itemData where the contents of the box `idat` begin; null without one
 */
function readItemExtents(box: Buffer, itemData: number | null): Map<number, Extent[]> {
  const version = box[0] ?? 0;
  let at = 4;
  /** @param size 0, 2, 4 or 8 bytes */
  const read = (size: number): number => {
    at += size;
    if (size === 8) return box.readUInt32BE(at - 8) * 2 ** 32 + box.readUInt32BE(at - 4);
    return size === 0 ? 0 : box.readUIntBE(at - size, size);
  };
  const sizes = read(2);
  const [offsetSize, lengthSize, baseSize] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15];
  const indexSize = version === 0 ? 0 : sizes & 15;
  for (const size of [offsetSize, lengthSize, baseSize, indexSize]) {
    if (![0, 4, 8].includes(size)) throw new UnusableFile('CORRUPT');
  }
  const idSize = version < 2 ? 2 : 4;
  const extents = new Map<number, Extent[]>();
  const count = read(idSize);
  if (version > 2 || count > MAX_ITEMS) throw new UnusableFile('CORRUPT');
  let total = 0;
  for (let left = count; left > 0; left--) {
    const id = read(idSize);
    const method = version === 0 ? 0 : read(2) & 15;
    read(2);
    const base = read(baseSize) + (method === 1 ? (itemData ?? 0) : 0);
    if (method > 1 || (method === 1 && itemData === null)) throw new UnusableFile('CORRUPT');
    const parts: Extent[] = [];
    for (let extentsLeft = read(2); extentsLeft > 0; extentsLeft--) {
      if (++total > MAX_ITEMS) throw new UnusableFile('CORRUPT');
      read(indexSize);
      const offset = base + read(offsetSize);
      parts.push({ offset, length: read(lengthSize) });
    }
    extents.set(id, parts);
  }
  return extents;
}

/** Runs a reader of boxes. @throws UnusableFile CORRUPT when it reads beyond the end of the file */
function withinFile<R>(read: () => R): R {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw new UnusableFile('CORRUPT');
    throw error;
  }
}
