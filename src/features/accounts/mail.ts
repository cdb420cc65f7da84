/**
 * What is proved by mail: that an address is somebody's, and that somebody who forgot their password may set a new one. A token is drawn by
 * the job that sends it, so it is in the mail and nowhere else; the database holds its hash. Another mail of the same kind replaces it.
 */
import { createHash, randomBytes } from 'node:crypto';
import { addJob, type Jobs } from '../../stores/jobs.ts';
import type { Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { UserErrors, userError } from '../kernel/errors.ts';
import { checkText } from '../kernel/validate.ts';
import { restorableSince } from './deactivate.ts';
import { hashPassword } from './passwords.ts';
import { endSessions } from './sessions.ts';
import { throttle } from './throttles.ts';

/** What a token proves. */
export type MailPurpose = Jobs['mailToken']['purpose'];
/** What people are told of by mail. */
type Notice = Jobs['mailNotice']['notice'];

const HOUR_MS = 3_600_000;

/** What the mails with tokens say, and for how many hours their links work. */
const TOKEN_EMAILS: Record<MailPurpose, { hours: number; subject: string; page: string; text: string }> = {
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

const NOTICES: Record<Notice, { subject: string; text: string }> = {
  PASSWORD_CHANGED: {
    subject: 'Your password has been changed',
    text: 'The password of your account has been changed by a link that was sent to this address, and all devices were logged out.',
  },
  EXPORT_READY: {
    subject: 'Your data is ready',
    text: 'The copy of your data that you asked for can be loaded for the next seven days: open the app to get it.',
  },
};

/** Enqueues a mail with a new token, in the transaction that causes it. */
export async function addTokenMail(tx: Transaction, userId: bigint, purpose: MailPurpose): Promise<void> {
  await addJob(tx, 'mailToken', { userId: String(userId), purpose });
}

/** Enqueues a mail that tells a person of something, in the transaction that causes it. */
export async function addNotice(tx: Transaction, userId: bigint, notice: Notice): Promise<void> {
  await addJob(tx, 'mailNotice', { userId: String(userId), notice });
}

/**
 * Sends a person a new link that proves their address. When it is proved already, nothing is sent.
 *
 * @throws RATE_LIMITED after too many
 */
export async function requestEmailVerification({ db, redis }: Stores, userId: bigint): Promise<void> {
  const { email, emailVerifiedAt } = await db.user.findUniqueOrThrow({ where: { id: userId } });
  if (emailVerifiedAt) return;
  await throttle(redis, 'mail-to', email, 'mails to this address');
  await db.$transaction((tx) => addTokenMail(tx, userId, 'VERIFY_EMAIL'));
}

/**
 * Sends a link by which a new password can be set, when there is an account with this address. Whether there is, is found out by a
 * job: so neither the answer nor its time tells.
 *
 * @param address the client's network address
 * @throws UserErrors when it can be no address; RATE_LIMITED after too many
 */
export async function requestPasswordReset(
  { db, redis }: Stores,
  address: string,
  emailAddress: string,
): Promise<void> {
  const email = emailAddress.trim().toLowerCase();
  const userErrors = checkText('The e-mail address', email, 3, 254, 'email');
  if (userErrors.length > 0) throw new UserErrors(userErrors);
  await throttle(redis, 'mail-from', address, 'mails asked for');
  await throttle(redis, 'mail-to', email, 'mails to this address');
  await db.$transaction((tx) => addJob(tx, 'mailPasswordReset', { email }));
}

/** Enqueues the mail by which the account with this address, if there is one, gets a new password. */
export async function sendPasswordReset({ db }: Stores, email: string): Promise<void> {
  const user = await db.user.findUnique({ where: { email }, select: { id: true } });
  if (user) await db.$transaction((tx) => addTokenMail(tx, user.id, 'RESET_PASSWORD'));
}

/**
 * Draws a token, stores its hash and sends it. A repeated run draws another one: of two mails the later one's link works.
 */
export async function sendToken(stores: Stores, { userId, purpose }: Jobs['mailToken']): Promise<void> {
  const { db, mail, config } = stores;
  const id = BigInt(userId);
  const user = await db.user.findUnique({ where: { id } });
  if (!user || (purpose === 'VERIFY_EMAIL' && user.emailVerifiedAt)) return;
  // Of the hidden, only who can still come back by logging in.
  const isAway = user.deactivatedAt !== null && user.deactivatedAt < restorableSince();
  if (user.suspendedAt || user.deletingAt || isAway) return;

  const { hours, subject, page, text } = TOKEN_EMAILS[purpose];
  const token = randomBytes(32).toString('base64url');
  const proof = { tokenHash: hashOf(token), email: user.email, expiresAt: new Date(Date.now() + hours * HOUR_MS) };
  await db.mailToken.upsert({
    where: { userId_purpose: { userId: id, purpose } },
    create: { userId: id, purpose, ...proof },
    update: proof,
  });
  const link = `${config.APP_URL}/${page}?token=${token}`;
  const time = hours === 1 ? 'one hour' : `${hours / 24} days`;
  await mail.send({
    to: user.email,
    subject,
    text: `Hello ${user.username},\n\n${text}\n\n${link}\n\nIt works once, within ${time}.\n`,
  });
}

/** Tells a person of something by mail. A repeated run may tell them twice. */
export async function sendNotice({ db, mail }: Stores, { userId, notice }: Jobs['mailNotice']): Promise<void> {
  const user = await db.user.findUnique({ where: { id: BigInt(userId) }, select: { email: true, username: true } });
  if (!user) return;
  const { subject, text } = NOTICES[notice];
  await mail.send({ to: user.email, subject, text: `Hello ${user.username},\n\n${text}\n` });
}

/** Proves an address by the token that was mailed to it. @throws UserErrors INVALID for one that does not work, or no longer */
export async function verifyEmail({ db }: Stores, token: string): Promise<void> {
  await db.$transaction(async (tx) => {
    const { userId, email } = await useToken(tx, 'VERIFY_EMAIL', token);
    await tx.user.updateMany({ where: { id: userId, email }, data: { emailVerifiedAt: new Date() } });
  });
}

/**
 * Sets a new password by the token that was mailed, and ends all sessions. The mail has arrived, so the address is proved too.
 *
 * @throws UserErrors INVALID for a token that does not work, or no longer, and what is wrong with the password
 */
export async function resetPassword(stores: Stores, token: string, newPassword: string): Promise<void> {
  const userErrors = checkText('The new password', newPassword, 8, 200, 'newPassword');
  if (userErrors.length > 0) throw new UserErrors(userErrors);
  const found = await stores.db.mailToken.findUnique({ where: { tokenHash: hashOf(token) } });
  // Before the password is hashed, which costs.
  if (found?.purpose !== 'RESET_PASSWORD' || found.expiresAt <= new Date()) throw unusable();
  const passwordHash = await hashPassword(newPassword);
  await endSessions(stores, found.userId, 'all', async (tx) => {
    const { userId, email } = await useToken(tx, 'RESET_PASSWORD', token);
    await tx.user.update({ where: { id: userId }, data: { passwordHash } });
    await tx.user.updateMany({
      where: { id: userId, email, emailVerifiedAt: null },
      data: { emailVerifiedAt: new Date() },
    });
    await addNotice(tx, userId, 'PASSWORD_CHANGED');
  });
}

/** Uses a token up. @throws UserErrors INVALID when it does not work */
async function useToken(
  tx: Transaction,
  purpose: MailPurpose,
  token: string,
): Promise<{ userId: bigint; email: string }> {
  const [used] = await tx.$queryRaw<{ userId: bigint; email: string }[]>`
    delete from mail_tokens
    where token_hash = ${hashOf(token)} and purpose = ${purpose}::mail_token_purpose and expires_at > now()
    returning user_id as "userId", email`;
  if (!used) throw unusable();
  return used;
}

function unusable() {
  return userError(
    'INVALID',
    'This link has been used already, is too old, or is not one of ours. Ask for a new one.',
    'token',
  );
}

function hashOf(token: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(token).digest());
}

/** Forgets tokens whose time is over. */
export async function sweepMailTokens({ db }: Stores): Promise<void> {
  await db.mailToken.deleteMany({ where: { expiresAt: { lt: new Date() } } });
}
