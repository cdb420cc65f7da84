import sharp from 'sharp';
import { type Point, roundPoint } from '../../src/features/places/geo.ts';
import { newJpeg } from './photos.ts';

/** A random point, far from those of other tests. */
export function somewhere(): Point {
  return roundPoint({ latitude: Math.random() * 120 - 60, longitude: Math.random() * 358 - 179 });
}

/** The point so many metres north of another. */
export function north(point: Point, metres: number): Point {
  return roundPoint({ ...point, latitude: point.latitude + metres / 111_195 });
}

/** A JPEG file with the GPS position at which it was taken, as a camera writes it. */
export async function gpsJpeg({ latitude, longitude }: Point): Promise<Buffer> {
  const parts = (degrees: number) => `${Math.round(Math.abs(degrees) * 1e7)}/10000000 0/1 0/1`;
  const gps = {
    GPSLatitudeRef: latitude < 0 ? 'S' : 'N',
    GPSLatitude: parts(latitude),
    GPSLongitudeRef: longitude < 0 ? 'W' : 'E',
    GPSLongitude: parts(longitude),
  };
  return sharp(await newJpeg())
    .withExif({ IFD3: gps })
    .jpeg()
    .toBuffer();
}
