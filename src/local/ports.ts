import { createServer } from 'node:net';

/** The address that everything of the embedded stack listens on: nobody else's machine reaches it. */
export const LOOPBACK = '127.0.0.1';

/**
 * A port that is free at this moment.
 *
 * @param preferred taken when it is free; 0 for any
 */
export async function freePort(preferred = 0): Promise<number> {
  try {
    return await tryPort(preferred);
  } catch (error) {
    if (preferred === 0) throw error;
    return tryPort(0);
  }
}

function tryPort(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: LOOPBACK, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port));
    });
  });
}
