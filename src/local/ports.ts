import { createServer } from 'node:net';

/** The address on which the embedded stack listens. Other machines cannot reach it. */
export const LOOPBACK = '127.0.0.1';

/**
 * Finds a free port.
 *
 * @param preferred returned when it is free; 0 for no preference
 * @returns a port that was free a moment ago: another process may take it
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
