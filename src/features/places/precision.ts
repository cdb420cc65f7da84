import { cellToLatLng, latLngToCell } from 'h3-js';
import type { LocationPrecision } from '../../generated/graphql.ts';
import { type Point, roundPoint } from './geo.ts';

/** The H3 resolutions whose cells are about as wide as what is shown: 1.1 km, and 20 km. */
const RESOLUTIONS: Record<Exclude<LocationPrecision, 'EXACT'>, number> = { KILOMETRE: 8, CITY: 5 };

/**
 * The point that is shown, and stored, in place of a finer one: the middle of the cell that holds it, which is the same for all points of the
 * cell. So no number of searches around it tells more.
 */
export function coarsen(point: Point, precision: LocationPrecision): Point {
  if (precision === 'EXACT') return roundPoint(point);
  const [latitude, longitude] = cellToLatLng(latLngToCell(point.latitude, point.longitude, RESOLUTIONS[precision]));
  return roundPoint({ latitude, longitude });
}
