import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import type { TextRule } from '../kernel/validate.ts';

/** `Algorithm.Argon2id` of the package. Type stripping cannot read a const enum. */
const ARGON2ID = 2;

/**
 * Argon2id with 19 MiB, 2 passes and 1 lane: the minimum that OWASP's Password Storage Cheat Sheet recommends. Each
 * hash contains its parameters, so raising them does not lock anybody out.
 */
const OPTIONS = { algorithm: ARGON2ID, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** The hash of a random password, verified where there is no account. */
let dummyHash: Promise<string> | undefined;

/** What a new password must be. @param what names it in messages */
export function newPasswordRule(what: string, field: string): TextRule {
  return { what, min: 8, max: 200, field: [field] };
}

/** Hashes a password for storage. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, OPTIONS);
}

/**
 * Whether a password is correct.
 *
 * @param stored the stored hash; null if there is no account, which takes as long and never matches
 */
export async function passwordMatches(stored: string | null, password: string): Promise<boolean> {
  dummyHash ??= hashPassword(randomBytes(32).toString('hex'));
  const matches = await verify(stored ?? (await dummyHash), password);
  return matches && stored !== null;
}
