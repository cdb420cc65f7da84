import type { Tasks } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { sweepExports } from '../data-export/data-export.ts';
import { sweepDeactivated } from '../deletion/delete-account.ts';
import { processAvatar } from './avatar.ts';
import { enqueuePasswordResetEmail, sendNoticeEmail, sendTokenEmail, sweepMailTokens } from './mail.ts';
import { publishSessionsEnded } from './sessions.ts';
import { sweepFormerUsernames } from './usernames.ts';

const IDEMPOTENCY_KEYS_KEPT_MS = 7 * 24 * 3_600_000;

/** The jobs of accounts. All are idempotent, except that a repeated run may send another email. */
export function accountTasks(
  stores: Stores,
): Pick<Tasks, 'sessionsEnded' | 'processAvatar' | 'mailToken' | 'mailPasswordReset' | 'mailNotice' | 'sweepAccounts'> {
  return {
    async sessionsEnded({ userId, sessions }) {
      await publishSessionsEnded(stores, BigInt(userId), sessions);
    },
    processAvatar: (job) => processAvatar(stores, job),
    mailToken: (job) => sendTokenEmail(stores, job),
    // A repeated run sends a second email, of which the later link works.
    async mailPasswordReset({ email }) {
      await enqueuePasswordResetEmail(stores, email);
    },
    mailNotice: (job) => sendNoticeEmail(stores, job),
    // Deletes by age, so a repeated run finds less or nothing.
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
