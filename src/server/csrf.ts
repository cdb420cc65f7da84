import type { FastifyInstance } from 'fastify';

/** What browsers say of a request that no page of another origin has sent. Other clients say nothing. */
const OWN = new Set(['same-origin', 'none', undefined]);

/**
 * Lets clients send queries with a plain GET. Apollo Server takes every request without a special header for one that a
 * foreign web page may have made a browser send; browsers say in a header of their own which requests are. An old
 * browser that does not say it reveals nothing either: GET changes nothing, the session is in a header that needs a
 * preflight, and the foreign page cannot read the answer.
 *
 * @param path the path of the API
 */
export function allowPlainGet(app: FastifyInstance, path: string): void {
  app.addHook('onRequest', async ({ method, headers, routeOptions: { url } }) => {
    if (method === 'GET' && url === path && OWN.has(headers['sec-fetch-site'] as string | undefined))
      headers['apollo-require-preflight'] = 'true';
  });
}
