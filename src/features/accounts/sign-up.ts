import { violatedUnique } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import type { ClientText } from '../kernel/client-text.ts';
import { type UserError, UserErrors, userError } from '../kernel/errors.ts';
import { readText } from '../kernel/validate.ts';
import { EMAIL_ADDRESS, enqueueTokenEmail } from './mail.ts';
import { hashPassword, newPasswordRule } from './passwords.ts';
import { DISPLAY_NAME } from './profile.ts';
import { createSession, DEVICE } from './sessions.ts';
import { readNewUsername, requireNotHeld, usernameTakenError } from './usernames.ts';

// Catches typing errors. Only an email that arrives proves that an address exists.
const EMAIL = /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)*$/;

/**
 * Creates an account, logs in to it and enqueues the email that verifies its address.
 *
 * @throws UserErrors with all invalid fields, or TAKEN
 */
export async function signUp(
  stores: Stores,
  input: Record<'username' | 'email' | 'password' | 'displayName' | 'device', ClientText>,
): Promise<{ token: string; userId: bigint }> {
  const userErrors: UserError[] = [];
  const username = readNewUsername(input.username, userErrors);
  const email = readText(input.email, EMAIL_ADDRESS, userErrors);
  const password = readText(input.password, newPasswordRule('The password', 'password'), userErrors);
  const displayName = readText(input.displayName, DISPLAY_NAME, userErrors);
  const device = readText(input.device, DEVICE, userErrors);
  // It is empty when it has an error already.
  if (email !== '' && !EMAIL.test(email)) {
    userErrors.push({ code: 'INVALID', message: 'An e-mail address looks like name@example.org.', field: ['email'] });
  }
  if (userErrors.length > 0) throw new UserErrors(userErrors);

  const passwordHash = await hashPassword(password);
  try {
    return await stores.db.$transaction(async (tx) => {
      const { id } = await tx.user.create({
        data: { username, email, displayName, passwordHash },
        select: { id: true },
      });
      await requireNotHeld(tx, id, username);
      await enqueueTokenEmail(tx, id, 'VERIFY_EMAIL');
      return { token: await createSession(stores, tx, id, device), userId: id };
    });
  } catch (error) {
    const constraint = violatedUnique(error);
    if (constraint === 'users_email_key')
      throw userError('TAKEN', 'There is an account with this e-mail address already.', 'email');
    if (constraint === 'users_username_key') throw usernameTakenError();
    throw error;
  }
}
