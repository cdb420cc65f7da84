import readExif from 'exif-reader';
import pLimit from 'p-limit';
import sharp from 'sharp';
import type { Stores } from '../../stores/stores.ts';
import { checkDegrees, type Point } from './geo.ts';

/** A file may have 30 MB, and one request can select a hundred. One at a time keeps them out of memory. */
const oneAtATime = pLimit(1);

/**
 * Reads the GPS position in the Exif data of an uploaded file. It reads the file on every call and stores nothing.
 *
 * @returns null when the file has no position, or nothing has been uploaded yet
 */
export function readSuggestion({ objects, log }: Stores, { objectKey }: { objectKey: string }): Promise<Point | null> {
  return oneAtATime(async () => {
    const file = await objects.get(objectKey);
    if (!file) return null;
    try {
      const { exif } = await sharp(file).metadata();
      return exif ? pointOf(readExif(exif)) : null;
    } catch (err) {
      // Publishing an unreadable file fails too, with an error for the user. The log gets no content of the file.
      log.debug({ name: (err as Error).name }, 'could not read Exif');
      return null;
    }
  });
}

function pointOf({ GPSInfo: gps }: ReturnType<typeof readExif>): Point | null {
  const latitude = toDegrees(gps?.GPSLatitude, gps?.GPSLatitudeRef, 'S');
  const longitude = toDegrees(gps?.GPSLongitude, gps?.GPSLongitudeRef, 'W');
  if (latitude === null || longitude === null) return null;
  const isPoint = checkDegrees('latitude', latitude) === null && checkDegrees('longitude', longitude) === null;
  return isPoint ? { latitude, longitude } : null;
}

/** @param negative the reference letter, S or W, that makes the degrees negative */
function toDegrees(parts: unknown, reference: unknown, negative: string): number | null {
  if (!Array.isArray(parts)) return null;
  const [degrees, minutes = 0, seconds = 0] = parts.map(Number);
  const sum = Number(degrees) + minutes / 60 + seconds / 3_600;
  if (!Number.isFinite(sum)) return null;
  return String(reference).trim().toUpperCase().startsWith(negative) ? -sum : sum;
}
