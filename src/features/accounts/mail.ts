/**
 * Emails to people. Those with a token verify an address or reset a password. The job that sends such an email
 * generates its token, so the token exists in the email and nowhere else: the database holds only its hash. A later
 * email for the same purpose replaces the token. A notice informs people of something that happened to their account.
 */
import { createHash, randomBytes } from 'node:crypto';
import { addJob, type Jobs } from '../../stores/jobs.ts';
import type { Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { boundText, type ClientText } from '../kernel/client-text.ts';
import { userError } from '../kernel/errors.ts';
import { requireText, type TextRule } from '../kernel/validate.ts';
import { restoreCutoff } from './deactivate.ts';
import { hashPassword, newPasswordRule } from './passwords.ts';
import { consumeRateLimit } from './rate-limits.ts';
import { endSessions } from './sessions.ts';

/** What a token is for: verifying an address or resetting a password. */
export type TokenPurpose = Jobs['mailToken']['purpose'];
/** What a notice is about. */
type NoticeKind = Jobs['mailNotice']['notice'];

const HOUR_MS = 3_600_000;
/** In UTF-16 code units. No token is as long. */
const MAX_TOKEN_UNITS = 200;

/** A person's e-mail address. Its form is checked at sign-up. */
export const EMAIL_ADDRESS: TextRule = {
  what: 'The e-mail address',
  min: 3,
  max: 254,
  field: ['email'],
  clean: (address) => address.trim().toLowerCase(),
};

/** The emails with a token. `hours` is how long the link works, `page` the app's page that it opens. */
const TOKEN_EMAILS: Record<TokenPurpose, { hours: number; subject: string; page: string; text: string }> = {
  VERIFY_EMAIL: {
    hours: 72,
    subject: 'Is this your address?',
    page: 'verify-email',
    text: 'With this link you tell us that this address is yours:',
  },
  RESET_PASSWORD: {
    hours: 1,
    subject: 'A new password',
    page: 'reset-password',
    text: 'With this link you set a new password. If you did not ask for it, leave it: nothing has changed.',
  },
};

const NOTICES: Record<NoticeKind, { subject: string; text: string }> = {
  PASSWORD_CHANGED: {
    subject: 'Your password has been changed',
    text:
      'The password of your account has been changed by a link that was sent to this address, ' +
      'and all devices were logged out.',
  },
  EXPORT_READY: {
    subject: 'Your data is ready',
    text: 'The copy of your data that you asked for can be loaded for the next seven days: open the app to get it.',
  },
};

/** Enqueues an email with a new token, in the transaction that causes it. */
export async function enqueueTokenEmail(tx: Transaction, userId: bigint, purpose: TokenPurpose): Promise<void> {
  await addJob(tx, 'mailToken', { userId: String(userId), purpose });
}

/** Enqueues an email with a notice, in the transaction that causes it. */
export async function enqueueNoticeEmail(tx: Transaction, userId: bigint, notice: NoticeKind): Promise<void> {
  await addJob(tx, 'mailNotice', { userId: String(userId), notice });
}

/**
 * Enqueues a new link with which a person verifies their address. Does nothing if it is verified already.
 *
 * @throws RATE_LIMITED after too many emails to this address
 */
export async function requestEmailVerification(stores: Stores, userId: bigint): Promise<void> {
  const { db } = stores;
  const { email, emailVerifiedAt } = await db.user.findUniqueOrThrow({ where: { id: userId } });
  if (emailVerifiedAt) return;
  await consumeRateLimit(stores, 'mail-to', email, 'mails to this address');
  await db.$transaction((tx) => enqueueTokenEmail(tx, userId, 'VERIFY_EMAIL'));
}

/**
 * Enqueues a password reset for an e-mail address. A job looks up whether an account has it, so neither the answer nor
 * its time reveals that.
 *
 * @param address the client's network address
 * @throws UserErrors if the e-mail address is invalid; RATE_LIMITED after too many emails to or from an address
 */
export async function requestPasswordReset(stores: Stores, address: string, emailAddress: ClientText): Promise<void> {
  const email = requireText(emailAddress, EMAIL_ADDRESS);
  await consumeRateLimit(stores, 'mail-from', address, 'mails asked for');
  await consumeRateLimit(stores, 'mail-to', email, 'mails to this address');
  await stores.db.$transaction((tx) => addJob(tx, 'mailPasswordReset', { email }));
}

/** Enqueues the email with the reset link if an account has this e-mail address. */
export async function enqueuePasswordResetEmail({ db }: Stores, email: string): Promise<void> {
  const user = await db.user.findUnique({ where: { email }, select: { id: true } });
  if (user) await db.$transaction((tx) => enqueueTokenEmail(tx, user.id, 'RESET_PASSWORD'));
}

/**
 * Generates a token, stores its hash and sends it. Sends nothing if the address is verified already or the account is
 * hidden and its owner cannot restore it by logging in. A repeated run sends another token: only the latest link works.
 */
export async function sendTokenEmail(stores: Stores, { userId, purpose }: Jobs['mailToken']): Promise<void> {
  const { db, mail, config } = stores;
  const id = BigInt(userId);
  const user = await db.user.findUnique({ where: { id } });
  if (!user || (purpose === 'VERIFY_EMAIL' && user.emailVerifiedAt)) return;
  const isPastRestoring = user.deactivatedAt !== null && user.deactivatedAt < restoreCutoff();
  if (user.suspendedAt || user.deletingAt || isPastRestoring) return;

  const { hours, subject, page, text } = TOKEN_EMAILS[purpose];
  const token = randomBytes(32).toString('base64url');
  const data = { tokenHash: hashToken(token), email: user.email, expiresAt: new Date(Date.now() + hours * HOUR_MS) };
  await db.mailToken.upsert({
    where: { userId_purpose: { userId: id, purpose } },
    create: { userId: id, purpose, ...data },
    update: data,
  });
  const link = `${config.APP_URL}/${page}?token=${token}`;
  const time = hours === 1 ? 'one hour' : `${hours / 24} days`;
  await mail.send({
    to: user.email,
    subject,
    text: `Hello ${user.username},\n\n${text}\n\n${link}\n\nIt works once, within ${time}.\n`,
  });
}

/** Sends a notice. At-least-once: a repeated run may send it twice. */
export async function sendNoticeEmail({ db, mail }: Stores, { userId, notice }: Jobs['mailNotice']): Promise<void> {
  const user = await db.user.findUnique({ where: { id: BigInt(userId) }, select: { email: true, username: true } });
  if (!user) return;
  const { subject, text } = NOTICES[notice];
  await mail.send({ to: user.email, subject, text: `Hello ${user.username},\n\n${text}\n` });
}

/**
 * Verifies an address with the token that was sent to it.
 *
 * @throws UserErrors INVALID for an unknown or expired token
 */
export async function verifyEmail({ db }: Stores, token: ClientText): Promise<void> {
  await db.$transaction(async (tx) => {
    const { userId, email } = await consumeToken(tx, 'VERIFY_EMAIL', token);
    await tx.user.updateMany({ where: { id: userId, email }, data: { emailVerifiedAt: new Date() } });
  });
}

/**
 * Sets a new password with an emailed token and ends all sessions. Also verifies the address, which the email reached.
 *
 * @throws UserErrors INVALID for an unknown or expired token; TOO_SHORT, TOO_LONG or INVALID for the password
 */
export async function resetPassword(stores: Stores, token: ClientText, newPassword: ClientText): Promise<void> {
  const password = requireText(newPassword, newPasswordRule('The new password', 'newPassword'));
  const stored = await stores.db.mailToken.findUnique({ where: { tokenHash: hashClientToken(token) } });
  // Checked before hashing the password, which is expensive.
  if (stored?.purpose !== 'RESET_PASSWORD' || stored.expiresAt <= new Date()) throw invalidTokenError();
  const passwordHash = await hashPassword(password);
  await endSessions(stores, stored.userId, 'all', async (tx) => {
    const { userId, email } = await consumeToken(tx, 'RESET_PASSWORD', token);
    await tx.user.update({ where: { id: userId }, data: { passwordHash } });
    await tx.user.updateMany({
      where: { id: userId, email, emailVerifiedAt: null },
      data: { emailVerifiedAt: new Date() },
    });
    await enqueueNoticeEmail(tx, userId, 'PASSWORD_CHANGED');
  });
}

/** Deletes a valid token, so that it works once. @throws UserErrors INVALID for an unknown or expired token */
async function consumeToken(
  tx: Transaction,
  purpose: TokenPurpose,
  token: ClientText,
): Promise<{ userId: bigint; email: string }> {
  const [used] = await tx.$queryRaw<{ userId: bigint; email: string }[]>`
    delete from mail_tokens
    where token_hash = ${hashClientToken(token)} and purpose = ${purpose}::mail_token_purpose and expires_at > now()
    returning user_id as "userId", email`;
  if (!used) throw invalidTokenError();
  return used;
}

function invalidTokenError() {
  return userError(
    'INVALID',
    'This link has been used already, is too old, or is not one of ours. Ask for a new one.',
    'token',
  );
}

function hashToken(token: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(token).digest());
}

/** The hash of a token that a client sent. @throws UserErrors INVALID for a text that is longer than any token */
function hashClientToken(token: ClientText): Uint8Array<ArrayBuffer> {
  const bounded = boundText(token, MAX_TOKEN_UNITS);
  if (bounded === null) throw invalidTokenError();
  return hashToken(bounded);
}

/** Deletes expired tokens. */
export async function sweepMailTokens({ db }: Stores): Promise<void> {
  await db.mailToken.deleteMany({ where: { expiresAt: { lt: new Date() } } });
}
