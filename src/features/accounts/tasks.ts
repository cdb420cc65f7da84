import type { Tasks } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { announceEnd } from './sessions.ts';

const IDEMPOTENCY_KEYS_KEPT_MS = 7 * 24 * 3_600_000;

/** The jobs of accounts. */
export function accountTasks(stores: Stores): Pick<Tasks, 'sessionsEnded' | 'sweepAccounts'> {
  return {
    // Telling it twice closes what is closed already.
    async sessionsEnded({ userId, sessions }) {
      await announceEnd(stores, BigInt(userId), sessions);
    },
    // Deletes by age: a second run finds less or nothing.
    async sweepAccounts() {
      await stores.db.session.deleteMany({ where: { expiresAt: { lt: new Date() } } });
      const createdAt = { lt: new Date(Date.now() - IDEMPOTENCY_KEYS_KEPT_MS) };
      await stores.db.idempotencyKey.deleteMany({ where: { createdAt } });
    },
  };
}
