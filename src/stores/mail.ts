import { randomBytes } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import nodemailer from 'nodemailer';
import type { Config } from '../config.ts';

/** A mail to one person. */
export interface Email {
  /** One address, without a name. */
  to: string;
  subject: string;
  text: string;
}

/** Sends mail: to an SMTP server, or, on a laptop, into a folder. */
export interface Mail {
  /** Sends one mail. @throws Error when the server does not take it */
  send(letter: Email): Promise<void>;
  close(): void;
}

const CONNECT_MS = 10_000;
const SOCKET_MS = 20_000;

/** What nodemailer is given. As a text, it would take the address for a list: of `ada@example.org,x` it mails to ada@example.org, who is another. */
function compose(from: string, { to, subject, text }: Email) {
  return { from, to: { name: '', address: to }, subject, text };
}

/** Opens the way out for mail; nothing is connected before the first. */
export function openMail({ MAIL_URL, MAIL_FROM }: Config): Mail {
  const url = new URL(MAIL_URL);
  if (url.protocol === 'file:') return intoFolder(fileURLToPath(url), MAIL_FROM);
  const transport = nodemailer.createTransport({
    // In a URL, IPv6 stands in brackets.
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
    async send(letter) {
      await transport.sendMail(compose(MAIL_FROM, letter));
    },
    close: () => transport.close(),
  };
}

/** Writes each mail as a file that mail programs open, and says so to whoever looks at the terminal: they are to read it. */
function intoFolder(folder: string, from: string): Mail {
  const transport = nodemailer.createTransport({ streamTransport: true, buffer: true });
  return {
    async send(letter) {
      const { message } = await transport.sendMail(compose(from, letter));
      await mkdir(folder, { recursive: true });
      const time = new Date().toISOString().replace(/[:.]/g, '-');
      const file = join(folder, `${time}-${randomBytes(4).toString('hex')}.eml`);
      // Whoever looks into the folder sees whole mails only, and only its owner does: their links set passwords.
      await writeFile(`${file}.part`, message as Buffer, { mode: 0o600 });
      await rename(`${file}.part`, file);
      console.log(`Mail to ${letter.to}: ${letter.subject}\n  ${file}`);
    },
    close() {},
  };
}
