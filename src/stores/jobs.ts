/**
 * The job queue: graphile-worker's tables in PostgreSQL. Adding a job is one SQL statement inside the transaction that
 * causes the job, so no job is lost and none runs for a write that was rolled back. `worker.ts` runs jobs;
 * `job-admin.ts` lists and repeats them.
 */
import type { Transaction } from './postgres.ts';

/**
 * The kinds of jobs and their payloads. Ids are strings, because payloads are stored as JSON. Names and payloads never
 * change: jobs that the previous version enqueued must still run.
 */
export interface Jobs {
  /** Turns an uploaded file into a photo's renditions. `isLarge`: the job waits in a queue for large pictures. */
  processPhoto: { photoId: string; objectKey: string; mediaKey: string; isLarge?: true };
  /** Pushes a photo into its followers' feeds. */
  fanOutPhoto: { photoId: string };
  /** Pushes a photo into the lists of hashtags that were added after it was published. */
  /** `earlier`: the hashtags that the photo had before. */
  hashtagsAdded: { photoId: string; hashtags: string[]; earlier?: string[] };
  /** Counts how many photos everybody sees with a hashtag. */
  countHashtag: { hashtag: string };
  /**
   * Publishes to all followers of an author who became pulled that they must read this author's photos by fan-out on
   * read.
   */
  announceHeavyAuthor: { authorId: string };
  /**
   * Publishes to a person's open feeds that the person follows another person or hashtag, or no longer mutes a person.
   */
  followsChanged: { userId: string };
  /** Approves all follow requests of an account that became public. */
  approveAllRequests: { userId: string };
  /** Makes subscriptions of these people, and those that show something of theirs, check again what they may see. */
  accessChanged: { userIds: string[] };
  /** Updates people's counts in Redis. */
  userCountsChanged: { userIds: string[] };
  /** Publishes to people that these entries of their activity lists are new. `place` is an entry's sort id. */
  activityChanged: { activities: { recipientId: string; place: string }[] };
  /** Turns an uploaded file into a person's avatar. `isLarge`: as of `processPhoto`. */
  processAvatar: {
    userId: string;
    uploadId: string;
    objectKey: string;
    contentType: string;
    sha256: string;
    avatarKey: string;
    isLarge?: true;
  };
  /** Moves a photo's files between the public and the private folder, under the new key `mediaKey`. */
  placeMedia: { photoId: string; mediaKey: string };
  /** Enqueues `placeMedia` for all photos of a person. */
  placeAllMedia: { ownerId: string };
  /** Publishes to subscribers of these photos that the photos changed. */
  photosChanged: { photoIds: string[] };
  /** Publishes to subscribers of a photo that it has a new comment. */
  commentAdded: { photoId: string; commentId: string };
  /** Deletes files. */
  deleteObjects: { keys: string[] };
  /** Makes the copy of a person's data that they requested. */
  exportData: { userId: string; exportId: string; objectKey: string };
  /** Deletes an account and everything in it. */
  deleteAccount: { userId: string };
  /** Closes the connections of sessions that ended, and removes the sessions from the cache. */
  sessionsEnded: { userId: string; sessions: { id: string; tokenHash: string }[] };
  /** Emails a person a link with a new token. */
  mailToken: { userId: string; purpose: 'VERIFY_EMAIL' | 'RESET_PASSWORD' };
  /** Emails a link for setting a new password to the person with this address, if there is one. */
  mailPasswordReset: { email: string };
  /** Emails a person a notice. */
  mailNotice: { userId: string; notice: 'PASSWORD_CHANGED' | 'EXPORT_READY' };
  /** Deletes expired sessions and idempotency keys. */
  sweepAccounts: object;
  /** Deletes uploads that were not published in time. */
  sweepUploads: object;
  /** Rebuilds the list of popular photos. */
  refreshPopular: object;
  /** Deletes places without photos. */
  sweepPlaces: object;
  /** Deletes hashtags without photos. */
  sweepHashtags: object;
}

/** The function for each kind of job. Jobs run at least once, so each function is idempotent. */
export type Tasks = { [Name in keyof Jobs]: (payload: Jobs[Name]) => Promise<void> };

/**
 * Enqueues a job in the transaction that causes it. The job exists if and only if that transaction commits.
 *
 * @param options `queue`: jobs of one queue run one after the other; `runAt`: the job does not run before this moment
 */
export async function addJob<Name extends keyof Jobs>(
  tx: Transaction,
  name: Name,
  payload: Jobs[Name],
  options: { queue?: string; runAt?: Date } = {},
): Promise<void> {
  await tx.$executeRaw`
    select graphile_worker.add_job(${name}::text, payload := ${JSON.stringify(payload)}::json,
      queue_name := ${options.queue ?? null}::text, run_at := ${options.runAt ?? null}::timestamptz)`;
}

/** Enqueues a job for each payload with one statement. @param payloads some hundreds at most */
export async function addJobs<Name extends keyof Jobs>(
  tx: Transaction,
  name: Name,
  payloads: readonly Jobs[Name][],
): Promise<void> {
  const texts = payloads.map((payload) => JSON.stringify(payload));
  await tx.$executeRaw`
    select graphile_worker.add_job(${name}::text, payload := payload::json)
    from unnest(${texts}::text[]) job (payload)`;
}
