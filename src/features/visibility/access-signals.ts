import { accessChannel } from '../../stores/channel-names.ts';
import { addJob } from '../../stores/jobs.ts';
import type { Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';

/** Makes what is open at these people's, or shows something of theirs, look again whether it may. Again changes nothing. */
export async function publishAccessChanged({ pubsub }: Stores, userIds: readonly bigint[]): Promise<void> {
  await Promise.all(userIds.map((id) => pubsub.publish(accessChannel(id), 'access changed')));
}

/** Enqueues that what is open at these people's, or shows something of theirs, looks again whether it may. */
export async function enqueueAccessChanged(tx: Transaction, userIds: readonly bigint[]): Promise<void> {
  await addJob(tx, 'accessChanged', { userIds: userIds.map(String) });
}
