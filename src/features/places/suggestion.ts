import pLimit from 'p-limit';
import type { Upload } from '../../generated/prisma/client.ts';
import type { Stores } from '../../stores/stores.ts';
import { findExif, readExifPosition } from '../images/exif.ts';
import { detectFormat } from '../images/formats.ts';
import { UnusableFile } from '../images/unusable-file.ts';
import { stopIfAbandoned } from '../kernel/abandoned.ts';
import { checkDegrees, type Point } from './geo.ts';

/** One request can select a hundred uploads. */
const limit = pLimit(4);
/** Of most files, no more than this is read. Cameras write Exif data into the first 128 KB. */
const HEAD_BYTES = 262_144;
const READ_WITHIN_MS = 10_000;

/**
 * Reads the GPS position in the Exif data of uploaded files, and stores it with each upload: in its row, which is
 * deleted when the upload is processed or expires. Nothing is decoded, and only the beginning of a file is read: a WebP
 * or an AVIF may have its Exif data elsewhere, and then that part too.
 *
 * @param signal stops the reading, because each request reads its files for itself
 * @returns for each upload null when the file has no position, or nothing has been uploaded yet
 */
export function readSuggestions(
  stores: Stores,
  uploads: readonly Upload[],
  signal: AbortSignal,
): Promise<(Point | null | Error)[]> {
  return Promise.all(
    uploads.map((upload) =>
      upload.exifPoint
        ? unpackPoint(upload.exifPoint)
        : limit(() => readSuggestion(stores, upload, signal)).catch((error: Error) => error),
    ),
  );
}

async function readSuggestion(
  { objects, db, log }: Stores,
  { id, objectKey, byteSize }: Upload,
  abandoned: AbortSignal,
) {
  // It may have waited for its turn.
  stopIfAbandoned(abandoned);
  const signal = AbortSignal.any([abandoned, AbortSignal.timeout(READ_WITHIN_MS)]);
  const head = await objects.getPart(objectKey, 0, HEAD_BYTES, signal);
  if (!head) return null;
  const readPart = async (offset: number, length: number) => {
    if (offset >= byteSize || length === 0) return Buffer.alloc(0);
    if (offset + length <= head.length) return head.subarray(offset, offset + length);
    return (await objects.getPart(objectKey, offset, length, signal)) ?? Buffer.alloc(0);
  };
  let point: Point | null = null;
  try {
    const format = detectFormat(head);
    const exif = format && (await findExif(format, head, readPart));
    point = exif && pointOf(exif);
  } catch (error) {
    // Publishing an unreadable file fails too, with an error for the user. The log gets no content of the file.
    if (!(error instanceof UnusableFile)) throw error;
    log.debug({ code: error.code }, 'could not read Exif');
  }
  await db.upload.updateMany({ where: { id }, data: { exifPoint: packPoint(point) } });
  return point;
}

function pointOf(exif: Buffer): Point | null {
  const point = readExifPosition(exif);
  if (!point) return null;
  const { latitude, longitude } = point;
  // Cameras without reception write zeros.
  if (latitude === 0 && longitude === 0) return null;
  const isPoint = checkDegrees('latitude', latitude) === null && checkDegrees('longitude', longitude) === null;
  return isPoint ? point : null;
}

function packPoint(point: Point | null): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Float64Array.from(point ? [point.latitude, point.longitude] : []).buffer);
}

/** The point in an upload's column `exif_point`; null when its file has none. */
export function unpackPoint(bytes: Uint8Array): Point | null {
  if (bytes.length !== 16) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return { latitude: view.getFloat64(0, true), longitude: view.getFloat64(8, true) };
}
