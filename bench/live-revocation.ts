import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Stores } from '../src/stores/stores.ts';
import { addSessions } from './live-people.ts';
import { median } from './measure.ts';

const SOCKETS = 200;
const FORBIDDEN = 4403;
const TIMEOUT_MS = 10_000;

/**
 * Measures the time from sending `logOut` to the closing of the session's socket. Half of the sockets are connected to
 * each of two nodes, and each session is ended through the other node. Prints the result.
 *
 * @param here the URL of one node
 * @param there the URL of the other
 */
export async function measureRevocation(stores: Stores, here: string, there: string): Promise<void> {
  const tokens = await addSessions(stores, 'revoked', SOCKETS);
  const open = await Promise.all(
    tokens.map(async (token, index) => {
      const [own, other] = index % 2 === 0 ? [here, there] : [there, here];
      return { token, other, socket: await connect(own, token) };
    }),
  );
  const times: number[] = [];
  for (const { token, other, socket } of open) {
    const closed = once(socket, 'close', { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const sentAt = performance.now();
    const answer = logOut(other, token);
    const [code] = (await closed) as [number];
    times.push(performance.now() - sentAt);
    if (code !== FORBIDDEN) throw new Error(`Closed with ${code}, not with ${FORBIDDEN}.`);
    await answer;
  }
  const figures = `${median(times).toFixed(1)} ms, at worst ${Math.max(...times).toFixed(1)} ms, of ${SOCKETS}`;
  console.log(`  From log-out to the closed socket at another node: ${figures}`);
}

async function connect(url: string, token: string): Promise<WebSocket> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), 'graphql-transport-ws', { perMessageDeflate: false });
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }));
  await once(socket, 'message');
  return socket;
}

async function logOut(url: string, token: string): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: 'mutation { logOut { userErrors { message } } }' }),
  });
  const { errors } = (await response.json()) as { errors?: unknown };
  if (errors) throw new Error(JSON.stringify(errors));
}
