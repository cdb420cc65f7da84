import type { LocationInput, LocationPrecision } from '../../generated/graphql.ts';
import type { Transaction } from '../../stores/postgres.ts';
import { type UserError, UserErrors, userError } from '../kernel/errors.ts';
import { parseId, readText, type TextRule } from '../kernel/validate.ts';
import { placeIsVisible } from '../visibility/sql-conditions.ts';
import { cellColumns } from './cells.ts';
import { checkDegrees, type Point } from './geo.ts';
import { findOrAddPlace } from './places.ts';
import { coarsen } from './precision.ts';

/** The name of a place. */
const NAME: TextRule = {
  what: "A place's name",
  min: 1,
  max: 100,
  field: ['location', 'placeName'],
  clean: (name) => name.normalize('NFC').trim().replace(/\s+/g, ' '),
};

/** Where a photo is shown: at an existing place, or at a point that is already reduced to the chosen precision. */
export type ChosenLocation = { placeId: bigint } | ShownPoint;
interface ShownPoint extends Point {
  precision: LocationPrecision;
  /** The name of a place at this point; null for a point without a place. */
  name: string | null;
}

/**
 * Parses a location, and reduces its point to the precision that the owner chose. The exact point goes no further.
 *
 * @throws UserErrors with all errors, in the input's field `location`; BAD_USER_INPUT for a malformed id
 */
export function parseLocationInput(input: LocationInput): ChosenLocation {
  const { placeId, latitude, longitude, placeName, precision } = input;
  const userErrors: UserError[] = [];
  const invalid = (message: string, ...field: string[]) =>
    userErrors.push({ code: 'INVALID', message, field: ['location', ...field] });
  if (isGiven(placeId)) {
    const isAlone = ![latitude, longitude, placeName, precision].some(isGiven);
    if (isAlone) return { placeId: parseId('Place', placeId) };
    invalid('A place that exists has its own point and precision: give "placeId" alone, or the others.', 'placeId');
    throw new UserErrors(userErrors);
  }
  if (!isGiven(latitude) || !isGiven(longitude)) {
    invalid('Give both "latitude" and "longitude", or the "placeId" of a place that exists.');
    throw new UserErrors(userErrors);
  }
  for (const [field, degrees] of [['latitude', latitude] as const, ['longitude', longitude] as const]) {
    const error = checkDegrees(field, degrees);
    if (error) invalid(error, field);
  }
  const name = isGiven(placeName) ? readText(placeName, NAME, userErrors) : null;
  if (userErrors.length > 0) throw new UserErrors(userErrors);
  const chosenPrecision = precision ?? 'EXACT';
  return { ...coarsen({ latitude, longitude }, chosenPrecision), precision: chosenPrecision, name };
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}

/**
 * Replaces the location of a photo.
 *
 * @param photo `publishedId` is its position in lists; null until it is READY
 * @param chosen null to remove the location
 * @throws UserErrors NOT_FOUND for a place that does not exist, or that the owner may not see
 */
export async function setLocation(
  tx: Transaction,
  photo: { id: bigint; ownerId: bigint; publishedId: bigint | null },
  chosen: ChosenLocation | null,
): Promise<void> {
  await tx.photoLocation.deleteMany({ where: { photoId: photo.id } });
  if (!chosen) return;
  const { placeId, precision, ...point } = await resolveLocation(tx, photo.ownerId, chosen);
  await tx.photoLocation.create({
    data: { photoId: photo.id, publishedId: photo.publishedId, placeId, ...point, precision, ...cellColumns(point) },
  });
}

/** Sets the position in lists of the location of a photo that becomes READY. */
export async function publishLocation(tx: Transaction, photoId: bigint, publishedId: bigint): Promise<void> {
  await tx.photoLocation.updateMany({ where: { photoId }, data: { publishedId } });
}

/** The columns to store for a chosen location. A named point moves to the point of the place with this name. */
async function resolveLocation(tx: Transaction, ownerId: bigint, chosen: ChosenLocation) {
  if ('placeId' in chosen) {
    // The lock keeps `sweepPlaces` from deleting the place.
    const [place] = await tx.$queryRaw<(Omit<ShownPoint, 'name'> & { placeId: bigint })[]>`
      select id as "placeId", latitude, longitude, precision from places
      where id = ${chosen.placeId} and ${placeIsVisible(ownerId)} for key share`;
    if (!place) throw userError('NOT_FOUND', 'There is no such place.', 'location', 'placeId');
    return place;
  }
  const { name, ...point } = chosen;
  if (name === null) return { placeId: null, ...point };
  const { id, latitude, longitude, precision } = await findOrAddPlace(tx, ownerId, { ...point, name });
  return { placeId: id, latitude, longitude, precision };
}
