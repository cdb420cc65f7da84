import { writeInvalidating } from '../../stores/cached-rows.ts';
import type { Stores } from '../../stores/stores.ts';
import type { ClientText } from '../kernel/client-text.ts';
import { type UserError, UserErrors } from '../kernel/errors.ts';
import { readText, type TextRule, trim } from '../kernel/validate.ts';
import { userKey } from '../records/user-rows.ts';

/** The name that a person shows. */
export const DISPLAY_NAME: TextRule = {
  what: 'The display name',
  min: 1,
  max: 60,
  field: ['displayName'],
  clean: trim,
};
const BIO: TextRule = { what: 'The bio', min: 0, max: 500, field: ['bio'], clean: trim };

/**
 * Changes a person's display name and bio.
 *
 * @param input a field that is null or missing stays unchanged
 * @throws UserErrors with all invalid fields
 */
export async function updateProfile(
  { db, redis }: Stores,
  userId: bigint,
  input: { displayName?: ClientText | null | undefined; bio?: ClientText | null | undefined },
): Promise<void> {
  const userErrors: UserError[] = [];
  const read = (text: ClientText | null | undefined, rule: TextRule) =>
    text === null || text === undefined ? undefined : readText(text, rule, userErrors);
  const displayName = read(input.displayName, DISPLAY_NAME);
  const bio = read(input.bio, BIO);
  if (userErrors.length > 0) throw new UserErrors(userErrors);
  const data = { ...(displayName !== undefined && { displayName }), ...(bio !== undefined && { bio }) };
  await writeInvalidating(redis, [userKey(userId)], () => db.user.update({ where: { id: userId }, data }));
}
