import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { until } from './until.ts';

/** A mail as it arrived. */
export interface Received {
  to: string[];
  /** Headers and body, decoded as far as quoted-printable goes. */
  source: string;
}

/** A running mail server, which keeps what it takes. */
export interface MailServer {
  url: string;
  received: Received[];
  /** Waits for the mail that reaches an address next, beyond those that have been waited for. */
  next(to: string): Promise<Received>;
  stop(): Promise<void>;
}

/** Starts an SMTP server on loopback. @param port any free one by default */
export async function startMailServer(port = 0): Promise<MailServer> {
  const received: Received[] = [];
  const seen = new Map<string, number>();
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    // Those who send keep their connections for the next mail.
    closeTimeout: 100,
    async onData(stream, session, callback) {
      const source = await text(stream);
      received.push({ to: session.envelope.rcptTo.map(({ address }) => address), source: decode(source) });
      callback();
    },
  });
  server.on('error', () => {}); // A client that goes away.
  server.listen(port, '127.0.0.1');
  await once(server.server, 'listening');
  const address = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${address.port}`,
    received,
    async next(to) {
      const count = seen.get(to) ?? 0;
      const mail = await until(async () => received.filter((one) => one.to.includes(to))[count]);
      seen.set(to, count + 1);
      return mail;
    },
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

/** Undoes quoted-printable (RFC 2045, 6.7): soft line breaks and escaped bytes. */
function decode(source: string): string {
  if (!/^content-transfer-encoding: quoted-printable/im.test(source)) return source;
  return source
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** The token in a mail's link. */
export function tokenIn({ source }: Received): string {
  const token = /\?token=([\w-]+)/.exec(source)?.[1];
  if (!token) throw new Error(`There is no link in this mail:\n${source}`);
  return token;
}
