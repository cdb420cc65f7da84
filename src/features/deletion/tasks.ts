import type { Tasks } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { deleteAccount } from './delete-account.ts';

/** The job that deletes an account. */
export function deletionTasks(stores: Stores): Pick<Tasks, 'deleteAccount'> {
  return {
    // Idempotent: a repeated run continues with what is left.
    deleteAccount: ({ userId }) => deleteAccount(stores, BigInt(userId)),
  };
}
