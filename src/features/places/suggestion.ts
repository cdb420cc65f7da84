import readExif from 'exif-reader';
import pLimit from 'p-limit';
import sharp from 'sharp';
import type { Stores } from '../../stores/stores.ts';
import { checkDegrees, type Point } from './geo.ts';

/** A file may have 30 MB, and whoever asks for a hundred at once is not to have them all in memory. */
const oneAtATime = pLimit(1);

/**
 * The point that an uploaded file holds (GPS in Exif); null when it holds none, or nothing has been sent. It is read from the
 * file whenever it is asked for, and stored nowhere.
 */
export function readSuggestion({ objects, log }: Stores, { objectKey }: { objectKey: string }): Promise<Point | null> {
  return oneAtATime(async () => {
    const file = await objects.get(objectKey);
    if (!file) return null;
    try {
      const { exif } = await sharp(file).metadata();
      return exif ? pointOf(readExif(exif)) : null;
    } catch (err) {
      // A file that cannot be read makes no photo either, and that is told then. What it holds goes into no log.
      log.debug({ name: (err as Error).name }, 'no Exif could be read');
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

/** @param negative the reference that turns the sign */
function toDegrees(parts: unknown, reference: unknown, negative: string): number | null {
  if (!Array.isArray(parts)) return null;
  const [degrees, minutes = 0, seconds = 0] = parts.map(Number);
  const sum = Number(degrees) + minutes / 60 + seconds / 3_600;
  if (!Number.isFinite(sum)) return null;
  return String(reference).trim().toUpperCase().startsWith(negative) ? -sum : sum;
}
