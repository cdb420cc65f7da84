import { violatedUnique } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { type UserError, UserErrors, userError } from '../kernel/errors.ts';
import { checkText } from '../kernel/validate.ts';
import { enqueueTokenEmail } from './mail.ts';
import { hashPassword } from './passwords.ts';
import { createSession } from './sessions.ts';
import { checkUsername, requireNotHeld, usernameTakenError } from './usernames.ts';

// Catches typing errors. Only an email that arrives proves that an address exists.
const EMAIL = /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)*$/;

/**
 * Creates an account, logs in to it and enqueues the email that verifies its address.
 *
 * @throws UserErrors with all invalid fields, or TAKEN
 */
export async function signUp(
  stores: Stores,
  input: { username: string; email: string; password: string; displayName: string; device: string },
): Promise<{ token: string; userId: bigint }> {
  const username = input.username.toLowerCase();
  const email = input.email.trim().toLowerCase();
  const displayName = input.displayName.trim();
  const userErrors: UserError[] = [
    ...checkUsername(username),
    ...checkText('The e-mail address', email, 3, 254, 'email'),
    ...checkText('The password', input.password, 8, 200, 'password'),
    ...checkText('The display name', displayName, 1, 60, 'displayName'),
    ...checkText("The device's name", input.device, 0, 100, 'device'),
  ];
  if (!EMAIL.test(email)) {
    userErrors.push({ code: 'INVALID', message: 'An e-mail address looks like name@example.org.', field: ['email'] });
  }
  if (userErrors.length > 0) throw new UserErrors(userErrors);

  const passwordHash = await hashPassword(input.password);
  try {
    return await stores.db.$transaction(async (tx) => {
      const { id } = await tx.user.create({
        data: { username, email, displayName, passwordHash },
        select: { id: true },
      });
      await requireNotHeld(tx, id, username);
      await enqueueTokenEmail(tx, id, 'VERIFY_EMAIL');
      return { token: await createSession(stores, tx, id, input.device), userId: id };
    });
  } catch (error) {
    const constraint = violatedUnique(error);
    if (constraint === 'users_email_key')
      throw userError('TAKEN', 'There is an account with this e-mail address already.', 'email');
    if (constraint === 'users_username_key') throw usernameTakenError();
    throw error;
  }
}
