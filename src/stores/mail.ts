import { randomBytes } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import nodemailer from 'nodemailer';
import type { Config } from '../config.ts';

/** An email to one person. */
export interface Email {
  /** One address, without a name. */
  to: string;
  subject: string;
  text: string;
}

/** Sends email through an SMTP server, or writes it to a folder, as on a laptop. */
export interface Mail {
  /** Sends one email. @throws Error when the server does not accept it */
  send(email: Email): Promise<void>;
  close(): void;
}

const CONNECT_MS = 10_000;
const SOCKET_MS = 20_000;

/**
 * The message for nodemailer. The address is an object because nodemailer parses a string as a list of addresses: it
 * would send an email for `ada@example.org,x` to ada@example.org, who is somebody else.
 */
function toMessage(from: string, { to, subject, text }: Email) {
  return { from, to: { name: '', address: to }, subject, text };
}

/** Opens the way out for email. Connects at the first email, not before. */
export function openMail({ MAIL_URL, MAIL_FROM }: Config): Mail {
  const url = new URL(MAIL_URL);
  if (url.protocol === 'file:') return openMailFolder(fileURLToPath(url), MAIL_FROM);
  const transport = nodemailer.createTransport({
    // A URL has brackets around an IPv6 address.
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (url.protocol === 'smtps:' ? 465 : 587),
    secure: url.protocol === 'smtps:',
    ...(url.username && { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }),
    pool: true,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SOCKET_MS,
  });
  return {
    async send(email) {
      await transport.sendMail(toMessage(MAIL_FROM, email));
    },
    close: () => transport.close(),
  };
}

/**
 * Writes each email as a file that email programs open, and prints the file's name to the terminal, so that the
 * developer finds it.
 */
function openMailFolder(folder: string, from: string): Mail {
  const transport = nodemailer.createTransport({ streamTransport: true, buffer: true });
  return {
    async send(email) {
      const { message } = await transport.sendMail(toMessage(from, email));
      await mkdir(folder, { recursive: true });
      const time = new Date().toISOString().replace(/[:.]/g, '-');
      const file = join(folder, `${time}-${randomBytes(4).toString('hex')}.eml`);
      // A reader of the folder never sees half an email. Only the owner may read: links in emails set passwords.
      await writeFile(`${file}.part`, message as Buffer, { mode: 0o600 });
      await rename(`${file}.part`, file);
      console.log(`Mail to ${email.to}: ${email.subject}\n  ${file}`);
    },
    close() {},
  };
}
