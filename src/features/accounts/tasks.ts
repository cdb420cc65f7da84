import type { Tasks } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { sweepExports } from '../data-export/data-export.ts';
import { sweepDeactivated } from '../deletion/delete-account.ts';
import { processAvatar } from './avatar.ts';
import { sendNotice, sendPasswordReset, sendToken, sweepMailTokens } from './mail.ts';
import { announceEnd } from './sessions.ts';
import { sweepFormerUsernames } from './usernames.ts';

const IDEMPOTENCY_KEYS_KEPT_MS = 7 * 24 * 3_600_000;

/** The jobs of accounts. */
export function accountTasks(
  stores: Stores,
): Pick<Tasks, 'sessionsEnded' | 'processAvatar' | 'mailToken' | 'mailPasswordReset' | 'mailNotice' | 'sweepAccounts'> {
  return {
    // Telling it twice closes what is closed already.
    async sessionsEnded({ userId, sessions }) {
      await announceEnd(stores, BigInt(userId), sessions);
    },
    processAvatar: (job) => processAvatar(stores, job),
    mailToken: (job) => sendToken(stores, job),
    // Twice is two mails, of which the later one's link works.
    async mailPasswordReset({ email }) {
      await sendPasswordReset(stores, email);
    },
    mailNotice: (job) => sendNotice(stores, job),
    // Deletes by age: a second run finds less or nothing.
    async sweepAccounts() {
      await stores.db.session.deleteMany({ where: { expiresAt: { lt: new Date() } } });
      const createdAt = { lt: new Date(Date.now() - IDEMPOTENCY_KEYS_KEPT_MS) };
      await stores.db.idempotencyKey.deleteMany({ where: { createdAt } });
      await sweepFormerUsernames(stores);
      await sweepMailTokens(stores);
      await sweepExports(stores);
      await sweepDeactivated(stores);
    },
  };
}
