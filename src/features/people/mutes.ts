import { addJob } from '../../stores/jobs.ts';
import { violatesForeignKey } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { userError } from '../kernel/errors.ts';
import { writeInvalidatingMute } from '../visibility/relations.ts';

/**
 * Mutes a person: what they share and do is not brought to the muter any more. Again changes nothing.
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
      // Deleted since it was looked up.
      if (violatesForeignKey(error)) throw userError('NOT_FOUND', 'There is no such person.', 'userId');
      throw error;
    }
  });
}

/** Mutes a person no more. Without a mute it changes nothing. */
export async function unmute(stores: Stores, muterId: bigint, mutedId: bigint): Promise<void> {
  await writeInvalidatingMute(stores, muterId, mutedId, () =>
    stores.db.$transaction(async (tx) => {
      const { count } = await tx.mute.deleteMany({ where: { muterId, mutedId } });
      // A home feed that was opened meanwhile does not listen to them, if they have very many followers.
      if (count > 0) await addJob(tx, 'followsChanged', { userId: String(muterId) });
    }),
  );
}
