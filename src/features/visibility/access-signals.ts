import { accessChannel } from '../../stores/channel-names.ts';
import { addJob } from '../../stores/jobs.ts';
import type { Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';

/**
 * Makes open subscriptions check again whether they may continue: those that these people opened, and those that
 * deliver something of theirs. Idempotent.
 */
export async function publishAccessChanged({ pubsub }: Stores, userIds: readonly bigint[]): Promise<void> {
  await Promise.all(userIds.map((id) => pubsub.publish(accessChannel(id), 'access changed')));
}

/** Enqueues the job that calls `publishAccessChanged` for these people. */
export async function enqueueAccessChanged(tx: Transaction, userIds: readonly bigint[]): Promise<void> {
  await addJob(tx, 'accessChanged', { userIds: userIds.map(String) });
}
