import type { ReportReason } from '../../generated/graphql.ts';
import { REPORTER_LOCKS } from '../../stores/lock-ids.ts';
import { nextId, type Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import type { ClientText } from '../kernel/client-text.ts';
import { userError } from '../kernel/errors.ts';
import type { Connection, PageRequest } from '../kernel/paging.ts';
import { readList, ruledByPage } from '../kernel/read-list.ts';
import { requireText } from '../kernel/validate.ts';
import { inOrder } from '../records/load-rows.ts';
import { lockPeople } from '../visibility/locks.ts';

/** A report that something is against the rules. */
export interface ReportRow {
  __typename: 'Report';
  id: bigint;
  reporterId: bigint;
  /** The reported person, the photo's owner or the comment's author. */
  userId: bigint;
  photoId: bigint | null;
  commentId: bigint | null;
  reason: ReportReason;
  details: string;
}

/** The subject of a report or a moderation action: a person, or a photo or comment of theirs. */
export interface Subject {
  userId: bigint;
  photoId: bigint | null;
  commentId: bigint | null;
}

const REPORT_COLUMNS = {
  id: true,
  reporterId: true,
  userId: true,
  photoId: true,
  commentId: true,
  reason: true,
  details: true,
} as const;

/**
 * Reports a subject to the moderators. Idempotent while the same reporter's report of the same subject is open.
 *
 * @param subject a subject that the reporter may see
 * @throws UserErrors SELF for the reporter's own content, NOT_FOUND if the person was deleted in the meantime, or if
 * the details are invalid
 */
export async function createReport(
  { db }: Stores,
  reporterId: bigint,
  subject: Subject,
  reason: ReportReason,
  clientDetails: ClientText,
): Promise<void> {
  const details = requireText(clientDetails, { what: 'The details', min: 0, max: 1_000, field: ['details'] });
  if (subject.userId === reporterId) throw userError('SELF', 'Nobody reports themselves.', 'subjectId');
  await db.$transaction(async (tx) => {
    // Serializes the reports of one reporter, so that concurrent duplicates become one.
    await tx.$executeRaw`select pg_advisory_xact_lock(${REPORTER_LOCKS}::int, hashtext(${String(reporterId)}))`;
    // Lock both, in the order of their ids: people often report and block somebody at the same moment, and a block
    // locks both too.
    const people = await lockPeople(tx, [reporterId, subject.userId], 'shared');
    if (!people.has(subject.userId)) {
      throw userError('NOT_FOUND', 'There is nothing with this id that you may see.', 'subjectId');
    }
    if (await tx.report.findFirst({ where: { ...subject, reporterId, closedAt: null }, select: { id: true } })) return;
    await tx.report.create({ data: { id: await nextId(tx, reporterId), ...subject, reporterId, reason, details } });
  });
}

/** A page of the undecided reports, the oldest first. */
export function listQueue({ db }: Stores, request: PageRequest): Promise<Connection<ReportRow>> {
  return readList(request, {
    page: (after, count) =>
      db.report.findMany({
        where: { closedAt: null, ...(after !== null && { id: { gt: after } }) },
        orderBy: { id: 'asc' },
        take: count,
        select: REPORT_COLUMNS,
      }),
    sortId: (report) => report.id,
    load: async (reports) => reports,
    rules: ruledByPage,
    answer: (report) => ({ __typename: 'Report', ...report }) as const,
  });
}

/** Reads reports for a moderator, in the order of the ids; null for a missing one. Anybody else reads only nulls. */
export async function readReports(
  { db }: Stores,
  viewerId: bigint,
  ids: readonly bigint[],
): Promise<(ReportRow | null)[]> {
  if (!(await isModerator(db, viewerId))) return ids.map(() => null);
  const rows = await db.report.findMany({ where: { id: { in: [...ids] } }, select: REPORT_COLUMNS });
  return inOrder(
    ids,
    rows.map((row) => ({ __typename: 'Report', ...row })),
  );
}

/** Whether a person is a moderator now. Reads the database, not the cache. */
export async function isModerator(db: Transaction, userId: bigint): Promise<boolean> {
  const user = await db.user.findUnique({ where: { id: userId }, select: { isModerator: true } });
  return user?.isModerator === true;
}

/** Closes all open reports about a subject. @returns how many there were */
export async function closeReports(tx: Transaction, { userId, photoId, commentId }: Subject): Promise<number> {
  const { count } = await tx.report.updateMany({
    where: { userId, photoId, commentId, closedAt: null },
    data: { closedAt: new Date() },
  });
  return count;
}
