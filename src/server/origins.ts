import type { Config } from '../config.ts';

/** What a refused web page's request is answered. */
export const FOREIGN_ORIGIN = 'Web pages of this origin may not use the API.';

/** The web origins that may use the API, as @fastify/cors takes them. */
export function readOrigins({ CORS_ORIGIN }: Pick<Config, 'CORS_ORIGIN'>): '*' | string[] {
  const origins = CORS_ORIGIN.split(',').map((origin) => origin.trim());
  return origins.includes('*') ? '*' : origins;
}

/**
 * Whether a request may come from a web page of its origin. Browsers keep other pages from reading an HTTP response,
 * but they open WebSockets and send simple requests for any page. A request without the header comes from no browser.
 */
export function isAllowedOrigin(
  origins: '*' | string[],
  { origin, host }: { origin?: string | undefined; host?: string | undefined },
): boolean {
  if (origins === '*' || origin === undefined || origins.includes(origin)) return true;
  // A page of the API's own host, which may serve the app too: browsers check no CORS for it.
  return host !== undefined && URL.parse(origin)?.host === host.toLowerCase();
}
