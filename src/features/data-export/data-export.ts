import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import type { DataExportStatus } from '../../generated/graphql.ts';
import { addJob, type Jobs } from '../../stores/jobs.ts';
import { nextId } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { enqueueNoticeEmail } from '../accounts/mail.ts';
import { collectZipEntries, type ZipEntry } from './export-contents.ts';

/** A data export: a copy of a person's data. */
export interface DataExportRow {
  id: bigint;
  status: DataExportStatus;
  objectKey: string;
  /** When the file is deleted; null until READY. */
  expiresAt: Date | null;
}

const EXPORT_KEPT_MS = 7 * 24 * 3_600_000;
const URL_SECONDS = 3_600;
const SWEEP_BATCH_SIZE = 100;
const SELECT = { id: true, status: true, objectKey: true, expiresAt: true } as const;

/** Enqueues the job that makes a data export. It replaces an earlier one. The caller has checked the password. */
export async function requestDataExport({ db }: Stores, userId: bigint): Promise<DataExportRow> {
  return db.$transaction(async (tx) => {
    // The row lock serializes concurrent requests: the second one replaces the export of the first.
    await tx.$queryRaw`select from users where id = ${userId} for no key update`;
    const before = await tx.dataExport.findUnique({ where: { userId }, select: SELECT });
    if (before) await addJob(tx, 'deleteObjects', { keys: [before.objectKey] });
    const id = await nextId(tx, userId);
    const objectKey = `exports/${randomBytes(16).toString('hex')}.zip`;
    const data = { id, status: 'PROCESSING' as const, objectKey, expiresAt: null };
    await tx.dataExport.upsert({ where: { userId }, create: { userId, ...data }, update: data });
    await addJob(tx, 'exportData', { userId: String(userId), exportId: String(id), objectKey });
    return data;
  });
}

/** A person's latest data export; null if there is none or it has expired. */
export async function readDataExport({ db }: Stores, userId: bigint): Promise<DataExportRow | null> {
  const row = await db.dataExport.findUnique({ where: { userId }, select: SELECT });
  return row?.expiresAt && row.expiresAt <= new Date() ? null : row;
}

/** A presigned URL of the export, valid for one hour or until the export expires; null unless it is READY. */
export async function exportUrl({ objects }: Stores, row: DataExportRow): Promise<string | null> {
  if (row.status !== 'READY' || !row.expiresAt) return null;
  const secondsLeft = Math.floor((row.expiresAt.getTime() - Date.now()) / 1_000);
  return secondsLeft < 1 ? null : objects.presignGet(row.objectKey, Math.min(URL_SECONDS, secondsLeft), 'darkroom.zip');
}

/**
 * Makes the export and enqueues the email that says so. Idempotent: the object key comes with the job, so a repeated
 * run writes the same file. A run does nothing if the export is READY. It deletes the file if a later request has
 * replaced the export or the account is gone.
 */
export async function exportData(stores: Stores, job: Jobs['exportData']): Promise<void> {
  const { db, objects } = stores;
  const userId = BigInt(job.userId);
  const exportIdentity = { userId, id: BigInt(job.exportId) };
  const row = await db.dataExport.findFirst({ where: exportIdentity, select: { status: true } });
  if (!row) return objects.delete([job.objectKey]);
  if (row.status === 'READY') return;

  const folder = await mkdtemp(join(tmpdir(), 'darkroom-export-'));
  try {
    const zip = join(folder, 'export.zip');
    await writeZip(zip, await collectZipEntries(stores, userId, folder));
    await objects.putFile(job.objectKey, zip, 'application/zip');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const isStored = await db.$transaction(async (tx) => {
    const data = { status: 'READY' as const, expiresAt: new Date(Date.now() + EXPORT_KEPT_MS) };
    const { count } = await tx.dataExport.updateMany({ where: { ...exportIdentity, status: 'PROCESSING' }, data });
    if (count > 0) await enqueueNoticeEmail(tx, userId, 'EXPORT_READY');
    return count > 0;
  });
  // Another run of this job finished first, or the export was replaced: the checks at the start decide which.
  if (!isStored) await exportData(stores, job);
}

/** Packs files into a ZIP one after the other, so that at most one is in memory. */
async function writeZip(path: string, files: readonly ZipEntry[]): Promise<void> {
  const zip = new ZipFile();
  const add = async () => {
    for (const file of files) {
      if ('path' in file) {
        zip.addFile(file.path, file.name);
        continue;
      }
      const bytes = await file.load();
      // Deleted since the export began.
      if (!bytes) continue;
      const source = Readable.from([bytes]);
      zip.addReadStream(source, file.name, { compress: false });
      await finished(source);
    }
    zip.end();
  };
  const output = zip.outputStream as Readable;
  zip.on('error', (error: Error) => output.destroy(error));
  await Promise.all([pipeline(output, createWriteStream(path)), add()]);
}

/** Deletes expired exports. Files go before rows: if a run fails, the next one finds the files through the rows. */
export async function sweepExports({ db, objects }: Stores): Promise<void> {
  for (;;) {
    const where = { expiresAt: { lt: new Date() } };
    const rows = await db.dataExport.findMany({ where, select: SELECT, take: SWEEP_BATCH_SIZE });
    await objects.delete(rows.map((row) => row.objectKey));
    await db.dataExport.deleteMany({ where: { ...where, id: { in: rows.map((row) => row.id) } } });
    if (rows.length < SWEEP_BATCH_SIZE) return;
  }
}
