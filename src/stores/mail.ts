import { randomBytes } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import nodemailer from 'nodemailer';
import type { Config } from '../config.ts';

/** An email to one recipient. */
export interface Email {
  /** A single address without a display name. */
  to: string;
  subject: string;
  text: string;
}

/** Sends emails: to an SMTP server, or into a folder during development. */
export interface Mail {
  /** Sends one email. @throws Error if the server does not accept it */
  send(email: Email): Promise<void>;
  close(): void;
}

const CONNECT_TIMEOUT_MS = 10_000;
const SOCKET_TIMEOUT_MS = 20_000;

/**
 * Builds nodemailer's message. The address is an object because nodemailer parses a string as a list:
 * `ada@example.org,x` would send the email to ada@example.org, who is somebody else.
 */
function toMessage(from: string, { to, subject, text }: Email) {
  return { from, to: { name: '', address: to }, subject, text };
}

/** Opens the transport that MAIL_URL names: `smtp:`, `smtps:` or `file:`. It connects when the first email is sent. */
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
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
  });
  return {
    async send(email) {
      await transport.sendMail(toMessage(MAIL_FROM, email));
    },
    close: () => transport.close(),
  };
}

/** Writes each email as a file that mail programs can open, and prints its path, so that a developer can read it. */
function openMailFolder(folder: string, from: string): Mail {
  const transport = nodemailer.createTransport({ streamTransport: true, buffer: true });
  return {
    async send(email) {
      const { message } = await transport.sendMail(toMessage(from, email));
      await mkdir(folder, { recursive: true });
      const time = new Date().toISOString().replace(/[:.]/g, '-');
      const file = join(folder, `${time}-${randomBytes(4).toString('hex')}.eml`);
      // Written under another name first, so that readers see only complete emails. Mode 600, because their links set
      // passwords.
      await writeFile(`${file}.part`, message as Buffer, { mode: 0o600 });
      await rename(`${file}.part`, file);
      console.log(`Mail to ${email.to}: ${email.subject}\n  ${file}`);
    },
    close() {},
  };
}
