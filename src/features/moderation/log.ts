import type { ModerationActKind } from '../../generated/graphql.ts';
import { nextId, type Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { type Connection, type PageRequest, toConnection } from '../kernel/paging.ts';
import type { Subject } from './reports.ts';

/** A moderation action: who did what to which subject, and the reason. */
export interface ModerationActionRow {
  id: bigint;
  /** Null for the service's operator and for a moderator whose account is deleted. */
  moderatorId: bigint | null;
  kind: ModerationActKind;
  userId: bigint | null;
  photoId: bigint | null;
  commentId: bigint | null;
  reason: string;
}

/** Logs a moderation action in the transaction that executes it. @param moderatorId null for the service's operator */
export async function logModerationAction(
  tx: Transaction,
  moderatorId: bigint | null,
  kind: ModerationActKind,
  subject: Subject,
  reason: string,
): Promise<void> {
  const id = await nextId(tx, moderatorId ?? subject.userId);
  await tx.moderationAction.create({ data: { id, moderatorId, kind, ...subject, reason } });
}

/** A page of the moderation log, newest first. */
export async function listModerationActions(
  { db }: Stores,
  { first, after }: PageRequest,
): Promise<Connection<ModerationActionRow>> {
  const rows = await db.moderationAction.findMany({
    where: after === null ? {} : { id: { lt: after } },
    orderBy: { id: 'desc' },
    take: first + 1,
  });
  return toConnection(rows.slice(0, first), (row) => row.id, rows.length > first);
}
