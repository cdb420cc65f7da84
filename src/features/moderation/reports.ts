import type { ReportReason } from '../../generated/graphql.ts';
import { REPORTER_LOCKS } from '../../stores/lock-ids.ts';
import { nextId, type Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { UserErrors, userError } from '../kernel/errors.ts';
import { type Connection, type PageRequest, toConnection } from '../kernel/paging.ts';
import { checkText } from '../kernel/validate.ts';
import { lockPeople } from '../visibility/locks.ts';

/** Somebody says that something is against the rules. */
export interface ReportRow {
  __typename: 'Report';
  id: bigint;
  reporterId: bigint;
  /** The person reported, the photo's owner or the comment's author. */
  userId: bigint;
  photoId: bigint | null;
  commentId: bigint | null;
  reason: ReportReason;
  details: string;
}

/** What a report, or what a moderator does, is about: a person, with the photo or the comment of theirs that it is about. */
export interface Subject {
  userId: bigint;
  photoId: bigint | null;
  commentId: bigint | null;
}

const COLUMNS = {
  id: true,
  reporterId: true,
  userId: true,
  photoId: true,
  commentId: true,
  reason: true,
  details: true,
} as const;

/**
 * Tells the moderators of something. While the same person's report of the same thing is undecided, another changes nothing.
 *
 * @param subject something that the reporter may see
 * @throws UserErrors SELF for what is the reporter's own, NOT_FOUND when the person is deleted meanwhile, or what is wrong with the details
 */
export async function report(
  { db }: Stores,
  reporterId: bigint,
  subject: Subject,
  reason: ReportReason,
  details: string,
): Promise<void> {
  const userErrors = checkText('The details', details, 0, 1_000, 'details');
  if (userErrors.length > 0) throw new UserErrors(userErrors);
  if (subject.userId === reporterId) throw userError('SELF', 'Nobody reports themselves.', 'subjectId');
  await db.$transaction(async (tx) => {
    // One report of a person at a time, so that the same one twice at once is one.
    await tx.$executeRaw`select pg_advisory_xact_lock(${REPORTER_LOCKS}::int, hashtext(${String(reporterId)}))`;
    // Both, in the order of their ids: who reports somebody often blocks them at the same moment, and a block locks both too.
    const people = await lockPeople(tx, [reporterId, subject.userId], 'shared');
    if (!people.has(subject.userId)) {
      throw userError('NOT_FOUND', 'There is nothing with this id that you may see.', 'subjectId');
    }
    if (await tx.report.findFirst({ where: { ...subject, reporterId, closedAt: null }, select: { id: true } })) return;
    await tx.report.create({ data: { id: await nextId(tx, reporterId), ...subject, reporterId, reason, details } });
  });
}

/** A page of the reports that nobody has decided, the oldest first. */
export async function listQueue({ db }: Stores, { first, after }: PageRequest): Promise<Connection<ReportRow>> {
  const rows = await db.report.findMany({
    where: { closedAt: null, ...(after !== null && { id: { gt: after } }) },
    orderBy: { id: 'asc' },
    take: first + 1,
    select: COLUMNS,
  });
  const reports = rows.slice(0, first).map((row) => ({ __typename: 'Report' as const, ...row }));
  return toConnection(reports, (row) => row.id, rows.length > first);
}

/** A report by its id, for a moderator; null for anybody else. */
export async function readReport({ db }: Stores, viewerId: bigint, id: bigint): Promise<ReportRow | null> {
  if (!(await isModerator(db, viewerId))) return null;
  const row = await db.report.findUnique({ where: { id }, select: COLUMNS });
  return row && { __typename: 'Report', ...row };
}

/** Whether a person is a moderator, as the database knows it at this moment. */
export async function isModerator(db: Transaction, userId: bigint): Promise<boolean> {
  const user = await db.user.findUnique({ where: { id: userId }, select: { isModerator: true } });
  return user?.isModerator === true;
}

/** Takes all reports of a subject out of the queue. @returns how many there were */
export async function closeReports(tx: Transaction, { userId, photoId, commentId }: Subject): Promise<number> {
  const { count } = await tx.report.updateMany({
    where: { userId, photoId, commentId, closedAt: null },
    data: { closedAt: new Date() },
  });
  return count;
}
