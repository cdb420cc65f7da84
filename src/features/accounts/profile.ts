import { writeInvalidating } from '../../stores/cached-rows.ts';
import type { Stores } from '../../stores/stores.ts';
import { UserErrors } from '../kernel/errors.ts';
import { checkText } from '../kernel/validate.ts';
import { userKey } from '../records/user-rows.ts';

/**
 * Changes what others see of a person.
 *
 * @param input what is null or left out stays as it is
 * @throws UserErrors with all that is wrong with the input
 */
export async function updateProfile(
  { db, redis }: Stores,
  userId: bigint,
  input: { displayName?: string | null | undefined; bio?: string | null | undefined },
): Promise<void> {
  const displayName = input.displayName?.trim();
  const bio = input.bio?.trim();
  const userErrors = [
    ...(displayName === undefined ? [] : checkText('The display name', displayName, 1, 60, 'displayName')),
    ...(bio === undefined ? [] : checkText('The bio', bio, 0, 500, 'bio')),
  ];
  if (userErrors.length > 0) throw new UserErrors(userErrors);
  const data = { ...(displayName !== undefined && { displayName }), ...(bio !== undefined && { bio }) };
  await writeInvalidating(redis, [userKey(userId)], () => db.user.update({ where: { id: userId }, data }));
}
