import type { LocationInput, LocationPrecision } from '../../generated/graphql.ts';
import type { Transaction } from '../../stores/postgres.ts';
import { type UserError, UserErrors, userError } from '../kernel/errors.ts';
import { checkText, parseId } from '../kernel/validate.ts';
import { placeIsVisible } from '../visibility/sql-conditions.ts';
import { cellColumns } from './cells.ts';
import { checkDegrees, type Point } from './geo.ts';
import { findOrAddPlace } from './places.ts';
import { coarsen } from './precision.ts';

/** The longest name of a place, in characters. */
const MAX_NAME_LENGTH = 100;

/** Where a photo is to be shown: at a place that exists, or at a point that is no finer than was chosen, which may have a name. */
export type ChosenLocation = { placeId: bigint } | ShownPoint;
interface ShownPoint extends Point {
  precision: LocationPrecision;
  name: string | null;
}

/**
 * What is to be shown, and stored, of what somebody says. What is finer ends here.
 *
 * @throws UserErrors with all that is wrong with it, in the input's field `location`; BAD_USER_INPUT for what is no id
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
    const wrong = checkDegrees(field, degrees);
    if (wrong) invalid(wrong, field);
  }
  const name = isGiven(placeName) ? placeName.normalize('NFC').trim().replace(/\s+/g, ' ') : null;
  if (name !== null) userErrors.push(...checkText("A place's name", name, 1, MAX_NAME_LENGTH, 'location', 'placeName'));
  if (userErrors.length > 0) throw new UserErrors(userErrors);
  const shown = precision ?? 'EXACT';
  return { ...coarsen({ latitude, longitude }, shown), precision: shown, name };
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}

/**
 * Stores where a photo is shown, in place of where it was before.
 *
 * @param publishedId the photo's place in lists; null until it is READY
 * @param chosen null to show it nowhere
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

/** Gives the location of a photo that becomes READY its place in lists. */
export async function publishLocation(tx: Transaction, photoId: bigint, publishedId: bigint): Promise<void> {
  await tx.photoLocation.updateMany({ where: { photoId }, data: { publishedId } });
}

/** What is stored of what was chosen. What has a name is where the place of this name is. */
async function resolveLocation(tx: Transaction, ownerId: bigint, chosen: ChosenLocation) {
  if ('placeId' in chosen) {
    // Locked, so that it is not swept away meanwhile.
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
