import type { ServerResponse } from 'node:http';

/** Made once, because making an error for each request takes longer than all the rest. */
const LEFT = new Error('The client has left.');

/**
 * A signal that is aborted when a response is closed: by a client that leaves, or after the answer. What still runs
 * then runs for nobody.
 */
export function signalOf(response: ServerResponse): AbortSignal {
  const leaving = new AbortController();
  if (response.destroyed) leaving.abort(LEFT);
  else response.once('close', () => leaving.abort(LEFT));
  return leaving.signal;
}
