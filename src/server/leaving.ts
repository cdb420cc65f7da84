import type { ServerResponse } from 'node:http';

/**
 * A signal that is aborted when a response is closed: by a client that leaves, or after the answer. What still runs then
 * runs for nobody.
 */
export function signalOf(response: ServerResponse): AbortSignal {
  const leaving = new AbortController();
  if (response.destroyed) leaving.abort();
  else response.once('close', () => leaving.abort());
  return leaving.signal;
}
