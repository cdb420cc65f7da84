import { authenticateToken, type SessionRow } from '../features/accounts/sessions.ts';
import type { Stores } from '../stores/stores.ts';

/**
 * The session that an `Authorization` header, or the connection parameter of that name, stands for.
 *
 * @returns null when none was given, 'invalid' when what was given is no session, or one that is over
 */
export async function authenticate(stores: Stores, authorization: unknown): Promise<SessionRow | null | 'invalid'> {
  if (authorization === undefined || authorization === null || authorization === '') return null;
  const token = typeof authorization === 'string' ? /^Bearer +(\S+)$/i.exec(authorization)?.[1] : undefined;
  return (token === undefined ? null : await authenticateToken(stores, token)) ?? 'invalid';
}
