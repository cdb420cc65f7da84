import { createHash } from 'node:crypto';
import type { Transaction } from '../../stores/postgres.ts';
import { UserErrors, userError } from './errors.ts';
import { checkText } from './validate.ts';

/** What makes a mutation the same as one before: who sends it, the key that they chose, and all else that they sent. */
export interface IdempotentCall {
  userId: bigint;
  /** Null when the client chose none: then every call is a new one. */
  key: string | null | undefined;
  mutation: string;
  input: unknown;
}

/**
 * Does something once for a key, within the transaction that does it.
 *
 * @param id the id of what will be made
 * @param make makes it; what it throws undoes the key too
 * @returns the id of what was made now, or by the first call with this key
 * @throws UserErrors IDEMPOTENCY_CONFLICT when the key came with another input before
 */
export async function withIdempotencyKey(
  tx: Transaction,
  { userId, key, mutation, input }: IdempotentCall,
  id: bigint,
  make: () => Promise<void>,
): Promise<bigint> {
  if (key === null || key === undefined) {
    await make();
    return id;
  }
  const userErrors = checkText('The idempotency key', key, 1, 100, 'idempotencyKey');
  if (userErrors.length > 0) throw new UserErrors(userErrors);
  const inputHash = createHash('sha256')
    .update(JSON.stringify([mutation, input]))
    .digest();
  // A call with the same key that is under way makes this one wait for its end.
  const inserted = await tx.$executeRaw`
    insert into idempotency_keys (user_id, key, input_hash, result_id) values (${userId}, ${key}, ${inputHash}, ${id})
    on conflict do nothing`;
  if (inserted === 1) {
    await make();
    return id;
  }
  const first = await tx.idempotencyKey.findUniqueOrThrow({ where: { userId_key: { userId, key } } });
  if (!inputHash.equals(first.inputHash)) {
    const message =
      'This key came with another input before. Use a new key for each new thing, and the old one only to retry.';
    throw userError('IDEMPOTENCY_CONFLICT', message, 'idempotencyKey');
  }
  return first.resultId;
}
