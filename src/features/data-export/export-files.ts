/**
 * The JSON files of a data export. Together they contain every row that belongs to the person. Other people appear in
 * it with id and username. The export includes only people and photos that the person may see at this moment.
 */
import { type Sql, sql } from '../../stores/postgres.ts';
import {
  account,
  activity,
  comments,
  followedHashtags,
  likes,
  moderation,
  people,
  photos,
  reports,
  sessions,
  uploads,
} from './export-rows.ts';
import { type ExportSource, fromQuery } from './export-source.ts';

/** One JSON file of a data export. */
interface ExportFile {
  name: string;
  /** Describes the file in the export's README. */
  description: string;
  /** The columns that refer to the person and whose rows the file contains. */
  columns: string[];
  rows(source: ExportSource): AsyncIterable<object>;
}

/** The files, in the order in which they are written. */
export const EXPORT_FILES: readonly ExportFile[] = [
  {
    name: 'account.json',
    description: 'your account and profile',
    columns: ['user_counts.user_id', 'user_count_deltas.user_id', 'data_exports.user_id'],
    rows: account,
  },
  {
    name: 'former-usernames.json',
    description: 'usernames that you gave up and that are still kept for you',
    columns: ['former_usernames.user_id'],
    rows: ({ tx, userId }) =>
      fromQuery(tx.formerUsername.findMany({ where: { userId }, select: { username: true, heldUntil: true } })),
  },
  {
    name: 'photos.json',
    description: 'your photos, also those that nobody else sees; "file" names the picture',
    columns: ['photos.owner_id'],
    rows: photos,
  },
  {
    name: 'uploads.json',
    description: 'files that you sent, or were going to, and that are no photo yet',
    columns: ['uploads.owner_id'],
    rows: uploads,
  },
  {
    name: 'comments.json',
    description: 'what you wrote about photos',
    columns: ['comments.author_id'],
    rows: comments,
  },
  { name: 'likes.json', description: 'the photos that you like', columns: ['likes.user_id'], rows: likes },
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
    description: 'the hashtags that you follow',
    columns: ['hashtag_follows.user_id'],
    rows: followedHashtags,
  },
  {
    name: 'activity.json',
    description: 'what others did to you, as your activity list shows it',
    columns: ['activities.recipient_id'],
    rows: activity,
  },
  { name: 'sessions.json', description: 'where you are logged in', columns: ['sessions.user_id'], rows: sessions },
  {
    name: 'mails.json',
    description: 'links that were mailed to you and are not used yet',
    columns: ['mail_tokens.user_id'],
    rows: ({ tx, userId }) =>
      fromQuery(tx.mailToken.findMany({ where: { userId }, select: { purpose: true, email: true, expiresAt: true } })),
  },
  { name: 'reports.json', description: 'what you reported', columns: ['reports.reporter_id'], rows: reports },
  {
    name: 'moderation.json',
    description: 'what moderators decided about you and what is yours',
    columns: ['moderation_acts.user_id'],
    rows: moderation,
  },
  {
    name: 'idempotency-keys.json',
    description: 'keys that your apps sent lately, so that nothing happens twice',
    columns: ['idempotency_keys.user_id'],
    rows: ({ tx, userId }) =>
      fromQuery(tx.idempotencyKey.findMany({ where: { userId }, select: { key: true, createdAt: true } })),
  },
];

/** The columns that refer to a person and whose rows are not exported, with the reasons. */
export const NOT_EXPORTED: Readonly<Record<string, string>> = {
  'blocks.blocked_id': 'People do not learn who blocks them.',
  'mutes.muted_id': 'People do not learn who mutes them.',
  'reports.user_id': 'People do not learn who reported them.',
  'activities.actor_id': 'It is in the activity list of somebody else, and the export contains what it is about.',
  'moderation_acts.moderator_id': 'The actions of a moderator are about other people.',
  'account_deletions.user_id': 'Only an account that is being deleted has one.',
};

/** A file with a list of people. @param select see `people` */
function peopleFile(name: string, description: string, column: string, select: Sql): ExportFile {
  const rows = (source: ExportSource) => people(source, select, name === 'blocked');
  return { name: `${name}.json`, description, columns: [column], rows };
}
