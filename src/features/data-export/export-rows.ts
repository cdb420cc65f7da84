/**
 * The rows of a data export, one function per JSON file. They contain no secrets: no hashes of passwords or tokens, and
 * no object keys.
 */
import { toGlobalId } from '../../stores/ids.ts';
import type { Sql } from '../../stores/postgres.ts';
import { listActivities } from '../activity/list.ts';
import { readUserCounts } from '../people/counts.ts';
import { readCounts } from '../photos/counts.ts';
import { unpackPoint } from '../places/suggestion.ts';
import {
  BATCH_BY_ID,
  BATCH_SIZE,
  createdAtOf,
  type ExportSource,
  inBatches,
  readVisiblePeople,
  readVisiblePhotos,
} from './export-source.ts';

const ACTIVITIES_PER_PAGE = 100;
const LOCATION = { latitude: true, longitude: true, precision: true, place: { select: { name: true } } };

/** The name of a photo's picture in the export. */
export function photoFileName(id: bigint): string {
  return `photos/${toGlobalId('Photo', id)}.jpg`;
}

/**
 * The people of a list.
 *
 * @param select SQL that selects the other person's id as `other`, up to the column with the list's owner
 * @param areBlocked whether these are the people whom the owner blocks
 */
export function people(source: ExportSource, select: Sql, areBlocked: boolean): AsyncIterable<object> {
  return inBatches<{ id: bigint; other: bigint }>(
    (after) =>
      source.tx.$queryRaw`select id, ${select} = ${source.userId} and id > ${after} order by id limit ${BATCH_SIZE}`,
    async (batch) => {
      const visible = await readVisiblePeople(
        source,
        batch.map((row) => row.other),
        areBlocked,
      );
      return batch.flatMap(({ id, other }) => {
        const person = visible.get(other);
        return person ? [{ ...person, since: createdAtOf(id) }] : [];
      });
    },
  );
}

/** The account itself, with the profile and counts. */
export async function* account({ stores, tx, userId }: ExportSource): AsyncGenerator<object> {
  const {
    passwordHash: _,
    id,
    avatarKey,
    avatarUploadId: __,
    activityReadUpTo,
    isPulled,
    ...user
  } = await tx.user.findUniqueOrThrow({ where: { id: userId } });
  const [counts] = await readUserCounts(stores, userId, [userId], true);
  const dataExport = await tx.dataExport.findUnique({ where: { userId } });
  yield {
    id: toGlobalId('User', id),
    ...user,
    // Readers of earlier exports know it by this name.
    isHeavy: isPulled,
    hasAvatar: avatarKey !== null,
    activityReadUpTo: activityReadUpTo > 0n ? createdAtOf(activityReadUpTo) : null,
    createdAt: createdAtOf(id),
    counts,
    copyAskedForAt: dataExport && createdAtOf(dataExport.id),
  };
}

/** All photos, including hidden ones. */
export function photos({ stores, tx, userId, onPhoto }: ExportSource): AsyncIterable<object> {
  return inBatches(
    (after) =>
      tx.photo.findMany({
        where: { ownerId: userId, id: { gt: after } },
        include: { location: { select: LOCATION } },
        ...BATCH_BY_ID,
      }),
    async (rows) => {
      const counts = await readCounts(
        stores,
        userId,
        rows.map((row) => row.id),
        true,
      );
      return rows.map((row, index) => {
        const { id, caption, status, failure, hiddenAt, publishedId, width, height, thumbhash, location } = row;
        if (status === 'READY') onPhoto(id);
        return {
          id: toGlobalId('Photo', id),
          caption,
          status,
          failure,
          hiddenByModeratorsAt: hiddenAt,
          createdAt: createdAtOf(id),
          publishedAt: publishedId && createdAtOf(publishedId),
          width,
          height,
          thumbhash: thumbhash && Buffer.from(thumbhash).toString('base64'),
          location: location && { ...location, place: location.place?.name ?? null },
          likes: counts[index]?.likes ?? 0,
          comments: counts[index]?.comments ?? 0,
          file: status === 'READY' ? photoFileName(id) : null,
        };
      });
    },
  );
}

/** Uploads that have not become photos. */
export function uploads({ tx, userId }: ExportSource): AsyncIterable<object> {
  return inBatches(
    (after) => tx.upload.findMany({ where: { ownerId: userId, id: { gt: after } }, ...BATCH_BY_ID }),
    (rows) =>
      rows.map(({ id, contentType, byteSize, sha256, expiresAt, exifPoint }) => ({
        id: toGlobalId('Upload', id),
        contentType,
        byteSize,
        sha256: Buffer.from(sha256).toString('hex'),
        suggestedLocation: exifPoint && unpackPoint(exifPoint),
        createdAt: createdAtOf(id),
        expiresAt,
      })),
  );
}

/** Comments on any photo. The photo is null if the person may no longer see it. */
export function comments(source: ExportSource): AsyncIterable<object> {
  const { tx, userId } = source;
  return inBatches(
    (after) => tx.comment.findMany({ where: { authorId: userId, id: { gt: after } }, ...BATCH_BY_ID }),
    async (rows) => {
      const visiblePhotos = await readVisiblePhotos(
        source,
        rows.map((row) => row.photoId),
      );
      return rows.map(({ photoId, id, text }) => {
        const photo = visiblePhotos.get(photoId) ?? null;
        // The global id of a comment contains the id of its photo, which must stay unknown.
        return { id: photo && toGlobalId('Comment', photoId, id), text, createdAt: createdAtOf(id), photo };
      });
    },
  );
}

/** Likes. The photo is null if the person may no longer see it. */
export function likes(source: ExportSource): AsyncIterable<object> {
  const { tx, userId } = source;
  return inBatches(
    (after) => tx.like.findMany({ where: { userId, id: { gt: after } }, ...BATCH_BY_ID }),
    async (rows) => {
      const visiblePhotos = await readVisiblePhotos(
        source,
        rows.map((row) => row.photoId),
      );
      return rows.map(({ photoId, id }) => ({ photo: visiblePhotos.get(photoId) ?? null, createdAt: createdAtOf(id) }));
    },
  );
}

/** Followed hashtags. */
export function followedHashtags({ tx, userId }: ExportSource): AsyncIterable<object> {
  return inBatches(
    (after) => tx.hashtagFollow.findMany({ where: { userId, id: { gt: after } }, ...BATCH_BY_ID }),
    (rows) => rows.map(({ hashtag, id }) => ({ hashtag, since: createdAtOf(id) })),
  );
}

/** The person's activity list. */
export async function* activity(source: ExportSource): AsyncGenerator<object> {
  for (let after: bigint | null = null; ; ) {
    const page: Awaited<ReturnType<typeof listActivities>> = await listActivities(source.stores, source.userId, {
      first: ACTIVITIES_PER_PAGE,
      after,
    });
    const visiblePeople = await readVisiblePeople(
      source,
      page.nodes.flatMap((row) => row.actorIds),
    );
    const visiblePhotos = await readVisiblePhotos(
      source,
      page.nodes.map((row) => row.photoId),
    );
    for (const { kind, sortId, actorIds, actorCount, photoId, commentId, isUnread } of page.nodes) {
      const photo = photoId === null ? null : (visiblePhotos.get(photoId) ?? null);
      const comment =
        photo && photoId !== null && commentId !== null ? toGlobalId('Comment', photoId, commentId) : null;
      const actors = actorIds.flatMap((id) => visiblePeople.get(id) ?? []);
      yield { kind, happenedAt: createdAtOf(sortId), isUnread, actorCount, latestActors: actors, photo, comment };
    }
    if (!page.pageInfo.hasNextPage) return;
    after = page.nodes.at(-1)?.sortId ?? null;
  }
}

/** Sessions. */
export function sessions({ tx, userId }: ExportSource): AsyncIterable<object> {
  return inBatches(
    (after) => tx.session.findMany({ where: { userId, id: { gt: after } }, ...BATCH_BY_ID }),
    (rows) =>
      rows.map(({ id, device, lastUsedAt, expiresAt }) => {
        return { id: toGlobalId('Session', id), device, createdAt: createdAtOf(id), lastUsedAt, expiresAt };
      }),
  );
}

/** Reports by the person. */
export function reports(source: ExportSource): AsyncIterable<object> {
  const { tx, userId } = source;
  return inBatches(
    (after) => tx.report.findMany({ where: { reporterId: userId, id: { gt: after } }, ...BATCH_BY_ID }),
    async (rows) => {
      const visiblePhotos = await readVisiblePhotos(
        source,
        rows.map((row) => row.photoId),
      );
      const visiblePeople = await readVisiblePeople(
        source,
        rows.map((row) => row.userId),
      );
      return rows.map(({ id, userId: person, photoId, commentId, reason, details, closedAt }) => ({
        id: toGlobalId('Report', id),
        about: commentId !== null ? 'comment' : photoId !== null ? 'photo' : 'person',
        person: visiblePeople.get(person) ?? null,
        photo: photoId === null ? null : (visiblePhotos.get(photoId) ?? null),
        reason,
        details,
        createdAt: createdAtOf(id),
        decidedAt: closedAt,
      }));
    },
  );
}

/** Moderation actions about the person and their content. */
export function moderation(source: ExportSource): AsyncIterable<object> {
  const { tx, userId } = source;
  return inBatches(
    (after) => tx.moderationAction.findMany({ where: { userId, id: { gt: after } }, ...BATCH_BY_ID }),
    async (rows) => {
      const visiblePhotos = await readVisiblePhotos(
        source,
        rows.map((row) => row.photoId),
      );
      return rows.map(({ id, kind, reason, photoId }) => {
        return {
          kind,
          why: reason,
          decidedAt: createdAtOf(id),
          photo: photoId === null ? null : (visiblePhotos.get(photoId) ?? null),
        };
      });
    },
  );
}
