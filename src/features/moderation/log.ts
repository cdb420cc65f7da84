import type { ModerationActKind } from '../../generated/graphql.ts';
import { nextId, type Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import type { Connection, PageRequest } from '../kernel/paging.ts';
import { readList, ruledByPage } from '../kernel/read-list.ts';
import type { Subject } from './reports.ts';

/** A moderation action: what a moderator did, to what, and why. */
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

/**
 * Writes down what a moderator does, in the transaction that does it.
 *
 * @param moderatorId null for the operator of the service
 */
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

/** A page of the moderation log, the latest action first. */
export function listModerationActions({ db }: Stores, request: PageRequest): Promise<Connection<ModerationActionRow>> {
  return readList(request, {
    page: (after, count) =>
      db.moderationAction.findMany({
        where: after === null ? {} : { id: { lt: after } },
        orderBy: { id: 'desc' },
        take: count,
      }),
    sortId: (action) => action.id,
    load: async (actions) => actions,
    rules: ruledByPage,
    answer: (action) => action,
  });
}
