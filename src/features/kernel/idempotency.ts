import { createHash } from 'node:crypto';
import type { Transaction } from '../../stores/postgres.ts';
import type { ClientText } from './client-text.ts';
import { userError } from './errors.ts';
import { requireText } from './validate.ts';

/** What identifies a repeated mutation: who sends it, the key that the client chose, and the rest of the input. */
export interface IdempotentCall {
  userId: bigint;
  /** Null or undefined when the client chose none: then no call is a repetition. */
  key: ClientText | null | undefined;
  mutation: string;
  input: unknown;
}

/**
 * Creates something at most once per idempotency key, within one transaction.
 *
 * @param id the id that the new object will have
 * @param create creates the object; when it throws, the key is rolled back too
 * @returns the id of the object that this call, or the first call with this key, created
 * @throws UserErrors TOO_SHORT, TOO_LONG or INVALID for the key itself; IDEMPOTENCY_CONFLICT when an earlier call used
 * the key with another input
 */
export async function withIdempotencyKey(
  tx: Transaction,
  { userId, key: clientKey, mutation, input }: IdempotentCall,
  id: bigint,
  create: () => Promise<void>,
): Promise<bigint> {
  if (clientKey === null || clientKey === undefined) {
    await create();
    return id;
  }
  const key = requireText(clientKey, { what: 'The idempotency key', min: 1, max: 100, field: ['idempotencyKey'] });
  const inputHash = createHash('sha256')
    .update(JSON.stringify([mutation, input]))
    .digest();
  // When a concurrent call has inserted the same key, this insert waits until that transaction ends.
  const inserted = await tx.$executeRaw`
    insert into idempotency_keys (user_id, key, input_hash, result_id) values (${userId}, ${key}, ${inputHash}, ${id})
    on conflict do nothing`;
  if (inserted === 1) {
    await create();
    return id;
  }
  const firstCall = await tx.idempotencyKey.findUniqueOrThrow({ where: { userId_key: { userId, key } } });
  if (!inputHash.equals(firstCall.inputHash)) {
    const message =
      'This key came with another input before. Use a new key for each new thing, and the old one only to retry.';
    throw userError('IDEMPOTENCY_CONFLICT', message, 'idempotencyKey');
  }
  return firstCall.resultId;
}
