import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';

/** Of the package's `Algorithm`, a const enum that only a compiler could read. */
const ARGON2ID = 2;

/**
 * Argon2id with 19 MiB, 2 passes and 1 lane: the least that OWASP's Password Storage Cheat Sheet recommends. The hash
 * says its own parameters, so raising them does not lock anybody out.
 */
const OPTIONS = { algorithm: ARGON2ID, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

let nobody: Promise<string> | undefined;

/** The hash to store for a password. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, OPTIONS);
}

/**
 * Whether the password is right.
 *
 * @param stored the stored hash; null when there is no such person, which takes as long and is never right
 */
export async function passwordMatches(stored: string | null, password: string): Promise<boolean> {
  nobody ??= hashPassword(randomBytes(32).toString('hex'));
  const matches = await verify(stored ?? (await nobody), password);
  return matches && stored !== null;
}
