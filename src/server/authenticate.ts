import { authenticateToken, type SessionRow } from '../features/accounts/sessions.ts';
import type { Stores } from '../stores/stores.ts';

/**
 * Reads the session that an `Authorization` header, or the connection parameter of that name, refers to.
 *
 * @returns null when it is missing or empty; 'invalid' when it is no bearer token, or the session does not exist or has
 * expired
 */
export async function authenticate(stores: Stores, authorization: unknown): Promise<SessionRow | null | 'invalid'> {
  if (authorization === undefined || authorization === null || authorization === '') return null;
  const token = typeof authorization === 'string' ? /^Bearer +(\S+)$/i.exec(authorization)?.[1] : undefined;
  return (token === undefined ? null : await authenticateToken(stores, token)) ?? 'invalid';
}
