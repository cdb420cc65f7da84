import { writeInvalidating } from '../../stores/cached-rows.ts';
import type { Stores } from '../../stores/stores.ts';
import { UserErrors } from '../kernel/errors.ts';
import { checkText } from '../kernel/validate.ts';
import { userKey } from '../records/user-rows.ts';

/**
 * Changes a person's display name and bio.
 *
 * @param input a field that is null or missing stays unchanged
 * @throws UserErrors with all invalid fields
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
