/**
 * What is in a copy of a person's data: every row that is theirs. Others appear in it by id and username, and only those, and only with those
 * photos, that the person may see at this moment. No secrets: no hashes of passwords or tokens, no object keys.
 */
import { idTime, toGlobalId } from '../../stores/ids.ts';
import { type Sql, sql, type Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { listActivities } from '../activity/list.ts';
import { readUserCounts } from '../people/counts.ts';
import { readCounts } from '../photos/counts.ts';
import { personIsVisible, photoIsVisible } from '../visibility/rules.ts';

/** What the parts of a copy are made from. */
interface ExportSource {
  /** With the transaction in place of the database. */
  stores: Stores;
  tx: Transaction;
  userId: bigint;
  /** Hears of each photo with a picture. */
  onPhoto(id: bigint): void;
}

/** One JSON file. */
interface ExportFile {
  name: string;
  about: string;
  /** The columns that lead from the person to what is in it. */
  columns: string[];
  rows(source: ExportSource): AsyncIterable<object>;
}

const BATCH_SIZE = 500;
const ACTIVITIES_PER_PAGE = 100;
const LOCATION = { latitude: true, longitude: true, precision: true, place: { select: { name: true } } };
const BATCH_BY_ID = { orderBy: { id: 'asc' }, take: BATCH_SIZE } as const;

/** The parts, in the order in which they are written. */
export const EXPORT_FILES: readonly ExportFile[] = [
  {
    name: 'account.json',
    about: 'your account and profile',
    columns: ['user_counts.user_id', 'user_count_deltas.user_id', 'data_exports.user_id'],
    rows: account,
  },
  {
    name: 'former-usernames.json',
    about: 'usernames that you gave up and that are still kept for you',
    columns: ['former_usernames.user_id'],
    rows: ({ tx, userId }) =>
      fromQuery(tx.formerUsername.findMany({ where: { userId }, select: { username: true, heldUntil: true } })),
  },
  {
    name: 'photos.json',
    about: 'your photos, also those that nobody else sees; "file" names the picture',
    columns: ['photos.owner_id'],
    rows: photos,
  },
  {
    name: 'uploads.json',
    about: 'files that you sent, or were going to, and that are no photo yet',
    columns: ['uploads.owner_id'],
    rows: uploads,
  },
  { name: 'comments.json', about: 'what you wrote about photos', columns: ['comments.author_id'], rows: comments },
  { name: 'likes.json', about: 'the photos that you like', columns: ['likes.user_id'], rows: likes },
  peopleFile(
    'following',
    'whom you follow',
    'follows.follower_id',
    sql`followee_id as other from follows where follower_id`,
  ),
  peopleFile(
    'followers',
    'who follows you',
    'follows.followee_id',
    sql`follower_id as other from follows where followee_id`,
  ),
  peopleFile(
    'follow-requests-sent',
    'whom you have asked to follow',
    'follow_requests.requester_id',
    sql`target_id as other from follow_requests where requester_id`,
  ),
  peopleFile(
    'follow-requests-received',
    'who asks to follow you',
    'follow_requests.target_id',
    sql`requester_id as other from follow_requests where target_id`,
  ),
  peopleFile('blocked', 'whom you block', 'blocks.blocker_id', sql`blocked_id as other from blocks where blocker_id`),
  peopleFile('muted', 'whom you mute', 'mutes.muter_id', sql`muted_id as other from mutes where muter_id`),
  {
    name: 'followed-hashtags.json',
    about: 'the hashtags that you follow',
    columns: ['hashtag_follows.user_id'],
    rows: followedHashtags,
  },
  {
    name: 'activity.json',
    about: 'what others did to you, as your activity list shows it',
    columns: ['activities.recipient_id'],
    rows: activity,
  },
  { name: 'sessions.json', about: 'where you are logged in', columns: ['sessions.user_id'], rows: sessions },
  {
    name: 'mails.json',
    about: 'links that were mailed to you and are not used yet',
    columns: ['mail_tokens.user_id'],
    rows: ({ tx, userId }) =>
      fromQuery(tx.mailToken.findMany({ where: { userId }, select: { purpose: true, email: true, expiresAt: true } })),
  },
  { name: 'reports.json', about: 'what you reported', columns: ['reports.reporter_id'], rows: reports },
  {
    name: 'moderation.json',
    about: 'what moderators decided about you and what is yours',
    columns: ['moderation_acts.user_id'],
    rows: moderation,
  },
  {
    name: 'idempotency-keys.json',
    about: 'keys that your apps sent lately, so that nothing happens twice',
    columns: ['idempotency_keys.user_id'],
    rows: ({ tx, userId }) =>
      fromQuery(tx.idempotencyKey.findMany({ where: { userId }, select: { key: true, createdAt: true } })),
  },
];

/** The columns that name a person and lead to what is not in their copy, with the reason. */
export const NOT_EXPORTED: Readonly<Record<string, string>> = {
  'blocks.blocked_id': 'Nobody is told who blocks them.',
  'mutes.muted_id': 'Nobody is told who mutes them.',
  'reports.user_id': 'Nobody is told who reported them.',
  'activities.actor_id': 'It stands in the list of somebody else, and what it tells of is in the copy itself.',
  'moderation_acts.moderator_id': 'What a moderator does in office is about others.',
  'account_deletions.user_id': 'Only an account that is being deleted has one.',
};

/** The name of a photo's picture in a copy. */
export function photoFileName(id: bigint): string {
  return `photos/${toGlobalId('Photo', id)}.jpg`;
}

function createdAtOf(id: bigint): Date {
  return new Date(idTime(id));
}

/** Few enough to be read at once. */
async function* fromQuery<T extends object>(rows: Promise<T[]>): AsyncGenerator<T> {
  yield* await rows;
}

/** Many, read in pages. @param read the next of those above an id, in its order @param tell makes of a page what is written */
async function* inBatches<T extends { id: bigint }>(
  read: (after: bigint) => Promise<T[]>,
  tell: (rows: T[]) => object[] | Promise<object[]>,
): AsyncGenerator<object> {
  for (let after = -1n; ; ) {
    const rows = await read(after);
    yield* await tell(rows);
    if (rows.length < BATCH_SIZE) return;
    after = rows.at(-1)?.id ?? after;
  }
}

/** Of these people, those whom the person may see, as they appear in a copy. Whom one blocks one may see in the list of these. */
async function readVisiblePeople({ tx, userId }: ExportSource, ids: readonly (bigint | null)[], blocked = false) {
  const visible = blocked ? sql`not is_hidden` : personIsVisible(userId, sql`users.id`);
  const rows = await tx.$queryRaw<{ id: bigint; username: string }[]>`
    select id, username from users where id = any(${ids.filter((id) => id !== null)}::bigint[]) and ${visible}`;
  return new Map(rows.map(({ id, username }) => [id, { id: toGlobalId('User', id), username }]));
}

/** Of these photos, those that the person may see, with their owners. */
async function readVisiblePhotos({ tx, userId }: ExportSource, ids: readonly (bigint | null)[]) {
  const rows = await tx.$queryRaw<{ id: bigint; ownerId: bigint; username: string }[]>`
    select photos.id, owner_id as "ownerId", username from photos join users on users.id = owner_id
    where photos.id = any(${ids.filter((id) => id !== null)}::bigint[]) and ${photoIsVisible(userId, sql`photos.id`)}`;
  return new Map(
    rows.map(({ id, ownerId, username }) => {
      return [id, { id: toGlobalId('Photo', id), owner: { id: toGlobalId('User', ownerId), username } }];
    }),
  );
}

/** A list of people. @param select where it is read from, up to the column with the person whose list it is */
function peopleFile(name: string, about: string, column: string, select: Sql): ExportFile {
  const rows = (source: ExportSource) =>
    inBatches<{ id: bigint; other: bigint }>(
      (after) =>
        source.tx.$queryRaw`select id, ${select} = ${source.userId} and id > ${after} order by id limit ${BATCH_SIZE}`,
      async (page) => {
        const others = await readVisiblePeople(
          source,
          page.map((row) => row.other),
          name === 'blocked',
        );
        return page.flatMap(({ id, other }) => {
          const person = others.get(other);
          return person ? [{ ...person, since: createdAtOf(id) }] : [];
        });
      },
    );
  return { name: `${name}.json`, about, columns: [column], rows };
}

async function* account({ stores, tx, userId }: ExportSource): AsyncGenerator<object> {
  const {
    passwordHash: _,
    id,
    avatarKey,
    avatarUploadId: __,
    activityReadUpTo,
    ...user
  } = await tx.user.findUniqueOrThrow({ where: { id: userId } });
  const [counts] = await readUserCounts(stores, userId, [userId], true);
  const dataExport = await tx.dataExport.findUnique({ where: { userId } });
  yield {
    id: toGlobalId('User', id),
    ...user,
    hasAvatar: avatarKey !== null,
    activityReadUpTo: activityReadUpTo > 0n ? createdAtOf(activityReadUpTo) : null,
    createdAt: createdAtOf(id),
    counts,
    copyAskedForAt: dataExport && createdAtOf(dataExport.id),
  };
}

function photos({ stores, tx, userId, onPhoto }: ExportSource): AsyncIterable<object> {
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

function uploads({ tx, userId }: ExportSource): AsyncIterable<object> {
  return inBatches(
    (after) => tx.upload.findMany({ where: { ownerId: userId, id: { gt: after } }, ...BATCH_BY_ID }),
    (rows) =>
      rows.map(({ id, contentType, byteSize, sha256, expiresAt }) => ({
        id: toGlobalId('Upload', id),
        contentType,
        byteSize,
        sha256: Buffer.from(sha256).toString('hex'),
        createdAt: createdAtOf(id),
        expiresAt,
      })),
  );
}

function comments(source: ExportSource): AsyncIterable<object> {
  const { tx, userId } = source;
  return inBatches(
    (after) => tx.comment.findMany({ where: { authorId: userId, id: { gt: after } }, ...BATCH_BY_ID }),
    async (rows) => {
      const seen = await readVisiblePhotos(
        source,
        rows.map((row) => row.photoId),
      );
      return rows.map(({ photoId, id, text }) => {
        const photo = seen.get(photoId) ?? null;
        // A comment's id holds its photo's.
        return { id: photo && toGlobalId('Comment', photoId, id), text, createdAt: createdAtOf(id), photo };
      });
    },
  );
}

function likes(source: ExportSource): AsyncIterable<object> {
  const { tx, userId } = source;
  return inBatches(
    (after) => tx.like.findMany({ where: { userId, id: { gt: after } }, ...BATCH_BY_ID }),
    async (rows) => {
      const seen = await readVisiblePhotos(
        source,
        rows.map((row) => row.photoId),
      );
      return rows.map(({ photoId, id }) => ({ photo: seen.get(photoId) ?? null, createdAt: createdAtOf(id) }));
    },
  );
}

function followedHashtags({ tx, userId }: ExportSource): AsyncIterable<object> {
  return inBatches(
    (after) => tx.hashtagFollow.findMany({ where: { userId, id: { gt: after } }, ...BATCH_BY_ID }),
    (rows) => rows.map(({ hashtag, id }) => ({ hashtag, since: createdAtOf(id) })),
  );
}

async function* activity(source: ExportSource): AsyncGenerator<object> {
  for (let after: bigint | null = null; ; ) {
    const page: Awaited<ReturnType<typeof listActivities>> = await listActivities(source.stores, source.userId, {
      first: ACTIVITIES_PER_PAGE,
      after,
    });
    const others = await readVisiblePeople(
      source,
      page.nodes.flatMap((row) => row.actorIds),
    );
    const seen = await readVisiblePhotos(
      source,
      page.nodes.map((row) => row.photoId),
    );
    for (const { kind, sortId, actorIds, actorCount, photoId, commentId, isUnread } of page.nodes) {
      const photo = photoId === null ? null : (seen.get(photoId) ?? null);
      const comment =
        photo && photoId !== null && commentId !== null ? toGlobalId('Comment', photoId, commentId) : null;
      const actors = actorIds.flatMap((id) => others.get(id) ?? []);
      yield { kind, happenedAt: createdAtOf(sortId), isUnread, actorCount, latestActors: actors, photo, comment };
    }
    if (!page.pageInfo.hasNextPage) return;
    after = page.nodes.at(-1)?.sortId ?? null;
  }
}

function sessions({ tx, userId }: ExportSource): AsyncIterable<object> {
  return inBatches(
    (after) => tx.session.findMany({ where: { userId, id: { gt: after } }, ...BATCH_BY_ID }),
    (rows) =>
      rows.map(({ id, device, lastUsedAt, expiresAt }) => {
        return { id: toGlobalId('Session', id), device, createdAt: createdAtOf(id), lastUsedAt, expiresAt };
      }),
  );
}

function reports(source: ExportSource): AsyncIterable<object> {
  const { tx, userId } = source;
  return inBatches(
    (after) => tx.report.findMany({ where: { reporterId: userId, id: { gt: after } }, ...BATCH_BY_ID }),
    async (rows) => {
      const seen = await readVisiblePhotos(
        source,
        rows.map((row) => row.photoId),
      );
      const others = await readVisiblePeople(
        source,
        rows.map((row) => row.userId),
      );
      return rows.map(({ id, userId: person, photoId, commentId, reason, details, closedAt }) => ({
        id: toGlobalId('Report', id),
        about: commentId !== null ? 'comment' : photoId !== null ? 'photo' : 'person',
        person: others.get(person) ?? null,
        photo: photoId === null ? null : (seen.get(photoId) ?? null),
        reason,
        details,
        createdAt: createdAtOf(id),
        decidedAt: closedAt,
      }));
    },
  );
}

function moderation(source: ExportSource): AsyncIterable<object> {
  const { tx, userId } = source;
  return inBatches(
    (after) => tx.moderationAction.findMany({ where: { userId, id: { gt: after } }, ...BATCH_BY_ID }),
    async (rows) => {
      const seen = await readVisiblePhotos(
        source,
        rows.map((row) => row.photoId),
      );
      return rows.map(({ id, kind, reason, photoId }) => {
        return {
          kind,
          why: reason,
          decidedAt: createdAtOf(id),
          photo: photoId === null ? null : (seen.get(photoId) ?? null),
        };
      });
    },
  );
}
