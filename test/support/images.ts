import { once } from 'node:events';
import { crc32, createDeflate, deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';

/** Red, green and blue, from 0 to 255. */
export type Colour = [red: number, green: number, blue: number];

export const RED: Colour = [255, 0, 0];
export const GREEN: Colour = [0, 255, 0];
export const BLUE: Colour = [0, 0, 255];
export const WHITE: Colour = [255, 255, 255];

/** A picture of one colour. */
export function plain(width: number, height: number, [r, g, b]: Colour, alpha?: number): Sharp {
  return alpha === undefined
    ? sharp({ create: { width, height, channels: 3, background: { r, g, b } } })
    : sharp({ create: { width, height, channels: 4, background: { r, g, b, alpha } } });
}

/** The pixels of a picture, in rows, three bytes each. */
export interface Pixels {
  width: number;
  height: number;
  data: Buffer;
}

/** A picture whose quarters are red, green, blue and white: from left to right, from top to bottom. */
export function quarters(width: number, height: number): Pixels {
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [left, right] = y < height / 2 ? [RED, GREEN] : [BLUE, WHITE];
      data.set(x < width / 2 ? left : right, (y * width + x) * 3);
    }
  }
  return { width, height, data };
}

/**
 * A picture as a camera that was held otherwise stores it.
 *
 * @param orientation EXIF's: which sides of the upright picture the first stored row and column are
 */
export function turned({ width, height, data }: Pixels, orientation: number): Pixels {
  // 5 to 8: the stored rows are the upright picture's columns.
  const sideways = orientation >= 5;
  const stored = { width: sideways ? height : width, height: sideways ? width : height };
  const fromRight = [2, 3, 6, 7].includes(orientation);
  const fromBottom = [3, 4, 7, 8].includes(orientation);
  const out = Buffer.alloc(data.length);
  for (let row = 0; row < stored.height; row++) {
    for (let column = 0; column < stored.width; column++) {
      const [across, down] = sideways ? [row, column] : [column, row];
      const x = fromRight ? width - 1 - across : across;
      const y = fromBottom ? height - 1 - down : down;
      data.copy(out, (row * stored.width + column) * 3, (y * width + x) * 3, (y * width + x) * 3 + 3);
    }
  }
  return { ...stored, data: out };
}

/** The colour at a place of an encoded picture, given in parts of its width and height. */
export async function colourAt(file: Buffer, across: number, down: number): Promise<Colour> {
  const { data, info } = await sharp(file).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  const at = (Math.floor(info.height * down) * info.width + Math.floor(info.width * across)) * info.channels;
  return info.channels < 3
    ? [data[at] ?? -1, data[at] ?? -1, data[at] ?? -1]
    : [data[at] ?? -1, data[at + 1] ?? -1, data[at + 2] ?? -1];
}

/** How far apart two colours are, in their most different channel. */
export function difference(one: Colour, other: Colour): number {
  return Math.max(...one.map((value, index) => Math.abs(value - (other[index] ?? 0))));
}

function chunk(type: string, body: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const framed = Buffer.alloc(typed.length + 8);
  framed.writeUInt32BE(body.length, 0);
  typed.copy(framed, 4);
  framed.writeUInt32BE(crc32(typed), typed.length + 4);
  return framed;
}

/** A whole and valid black PNG of one bit per pixel: of 30,000 × 30,000 pixels it has about 110 KB. */
export async function blackPng(width: number, height: number): Promise<Buffer> {
  const row = Buffer.alloc(1 + Math.ceil(width / 8));
  const rows = Buffer.alloc(row.length * 100);
  const deflate = createDeflate();
  const compressed: Buffer[] = [];
  deflate.on('data', (part: Buffer) => compressed.push(part));
  for (let left = height; left > 0; left -= 100) {
    const part = left >= 100 ? rows : rows.subarray(0, row.length * left);
    await new Promise<void>((resolve, reject) => {
      deflate.write(part, (error) => (error ? reject(error) : resolve()));
    });
  }
  const ended = once(deflate, 'end');
  deflate.end();
  await ended;
  return png(width, height, 1, Buffer.concat(compressed));
}

/** A PNG that claims a size which its few bytes do not fill. */
export function lyingPng(width: number, height: number): Buffer {
  return png(width, height, 8, deflateSync(Buffer.alloc(64)));
}

function png(width: number, height: number, bits: number, pixels: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = bits;
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}

/** The beginning of a HEIC file as iPhones write it, and no more. */
export function heicHeader(): Buffer {
  const box = Buffer.alloc(24);
  box.writeUInt32BE(24, 0);
  box.write('ftypheic', 4, 'latin1');
  box.write('mif1heic', 16, 'latin1');
  return Buffer.concat([box, Buffer.alloc(1_000, 7)]);
}

/**
 * A valid progressive gray JPEG: one scan of black, then scans that change nothing, of which each makes the decoder
 * walk over all blocks.
 */
export function jpegOfScans(width: number, height: number, scans: number): Buffer {
  const segment = (marker: number, ...body: number[]) =>
    Buffer.from([0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 255, ...body]);
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
  const frame = [8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0];
  // The code of a run of at least 2^n blocks without coefficients is n, in five bits.
  const runs = Array.from({ length: 15 }, (_, power) => power << 4);
  const header = [
    Buffer.from([0xff, 0xd8]),
    segment(0xdb, 0, ...Array<number>(64).fill(16)),
    segment(0xc2, ...frame),
    segment(0xc4, 0x00, 1, ...Array<number>(15).fill(0), 0),
    segment(0xc4, 0x10, 0, 0, 0, 0, runs.length, ...Array<number>(11).fill(0), ...runs),
  ];
  const first = [segment(0xda, 1, 1, 0, 0, 0, 0), Buffer.alloc(Math.ceil(blocks / 8))];
  const bits: string[] = [];
  for (let left = blocks; left > 0; ) {
    const power = Math.min(14, Math.floor(Math.log2(left)));
    const run = Math.min(left, 2 ** (power + 1) - 1);
    bits.push(power.toString(2).padStart(5, '0'));
    if (power > 0) bits.push((run - 2 ** power).toString(2).padStart(power, '0'));
    left -= run;
  }
  const text = bits.join('');
  const bytes = text.match(/.{1,8}/g)?.map((byte) => Number.parseInt(byte.padEnd(8, '1'), 2)) ?? [];
  const empty = [
    segment(0xda, 1, 1, 0, 1, 63, 0),
    Buffer.from(bytes.flatMap((byte) => (byte === 255 ? [255, 0] : [byte]))),
  ];
  const rest = Array.from({ length: scans - 1 }, () => empty).flat();
  return Buffer.concat([...header, ...first, ...rest, Buffer.from([0xff, 0xd9])]);
}

/** An SVG of a few kilobytes that draws 10^levels squares. */
export function nestedSvg(levels: number): Buffer {
  const groups = Array.from({ length: levels }, (_, level) => {
    return `<g id="a${level + 1}">${`<use xlink:href="#a${level}"/>`.repeat(10)}</g>`;
  });
  return Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><defs>' +
      `<g id="a0"><rect width="1" height="1"/></g>${groups.join('')}</defs><use xlink:href="#a${levels}"/></svg>`,
  );
}

/** What an XMP packet of `withXmpLocation` contains, and no served file may. */
export const XMP_LOCATION = /exif:GPS|52,31\.2042N|13,24\.2936E|ns\.adobe\.com|xmpmeta/i;

/** Gives a picture an XMP packet with a point, as some editors write it. The picture has no Exif. */
export function withXmpLocation(picture: Sharp): Sharp {
  return picture.withXmp(
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
      '<rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/" ' +
      'exif:GPSLatitude="52,31.2042N" exif:GPSLongitude="13,24.2936E"/></rdf:RDF></x:xmpmeta>',
  );
}

/** Adds an extended XMP packet to a JPEG: a segment of its own, for what does not fit the first. */
export function withExtendedXmp(jpeg: Buffer): Buffer {
  const packet = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><exif:GPSLatitude>52,31.2042N</exif:GPSLatitude></x:xmpmeta>';
  const head = Buffer.alloc(8);
  head.writeUInt32BE(packet.length, 0);
  const body = Buffer.concat([
    Buffer.from(`http://ns.adobe.com/xmp/extension/\0${'A'.repeat(32)}`, 'latin1'),
    head,
    Buffer.from(packet, 'latin1'),
  ]);
  const segment = Buffer.from([0xff, 0xe1, 0, 0]);
  segment.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), segment, body, jpeg.subarray(2)]);
}
