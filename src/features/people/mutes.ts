import { addJob } from '../../stores/jobs.ts';
import { violatesForeignKey } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { userError } from '../kernel/errors.ts';
import { writeInvalidatingMute } from '../visibility/relations.ts';

/**
 * Mutes a person: their photos leave the muter's home feed, and the muter is not notified of what they do. Idempotent.
 *
 * @throws UserErrors SELF or NOT_FOUND
 */
export async function mute(stores: Stores, muterId: bigint, mutedId: bigint): Promise<void> {
  if (muterId === mutedId) throw userError('SELF', 'Nobody mutes themselves.', 'userId');
  await writeInvalidatingMute(stores, muterId, mutedId, async () => {
    try {
      await stores.db.$executeRaw`
        insert into mutes (muter_id, muted_id, id) values (${muterId}, ${mutedId}, next_id(${muterId}))
        on conflict do nothing`;
    } catch (error) {
      // The account was deleted after the caller had read it.
      if (violatesForeignKey(error)) throw userError('NOT_FOUND', 'There is no such person.', 'userId');
      throw error;
    }
  });
}

/** Ends a mute. Idempotent. */
export async function unmute(stores: Stores, muterId: bigint, mutedId: bigint): Promise<void> {
  await writeInvalidatingMute(stores, muterId, mutedId, () =>
    stores.db.$transaction(async (tx) => {
      const { count } = await tx.mute.deleteMany({ where: { muterId, mutedId } });
      // A home feed subscription that was opened during the mute skipped the channel of a pulled author: it subscribes
      // now.
      if (count > 0) await addJob(tx, 'followsChanged', { userId: String(muterId) });
    }),
  );
}
