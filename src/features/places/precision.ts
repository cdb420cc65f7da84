import { cellToLatLng, latLngToCell } from 'h3-js';
import type { LocationPrecision } from '../../generated/graphql.ts';
import { type Point, roundPoint } from './geo.ts';

/** The H3 resolutions of the cells that a point is reduced to: about 1.1 km and 20 km wide. */
const RESOLUTIONS: Record<Exclude<LocationPrecision, 'EXACT'>, number> = { KILOMETRE: 8, CITY: 5 };

/**
 * Reduces a point to a precision: it returns the center of the cell that holds the point. All points of the cell have
 * the same center, and only the center is stored, so no number of searches around it reveals more.
 */
export function coarsen(point: Point, precision: LocationPrecision): Point {
  if (precision === 'EXACT') return roundPoint(point);
  const [latitude, longitude] = cellToLatLng(latLngToCell(point.latitude, point.longitude, RESOLUTIONS[precision]));
  return roundPoint({ latitude, longitude });
}
