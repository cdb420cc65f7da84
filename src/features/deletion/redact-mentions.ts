import { writeInvalidating } from '../../stores/cached-rows.ts';
import type { Stores } from '../../stores/stores.ts';
import { photoKey } from '../records/photo-rows.ts';
import { addToReport } from './delete-rows.ts';
import { identifierPattern, mentionPattern } from './identifiers.ts';

const BATCH_SIZE = 100;
/** Replaces the mention of a deleted person. It is not a valid username, so it mentions nobody. */
const REDACTED_MENTION = '@[deleted]';

/**
 * Removes a person's usernames from texts of others: from captions and comments whose mention the person was notified
 * of, and from moderators' reasons. A mention that stayed would later refer to the next owner of the username.
 */
export async function redactMentions(
  stores: Stores,
  userId: bigint,
  { usernames, email }: { usernames: readonly string[]; email: string },
): Promise<void> {
  const { db, redis } = stores;
  const pattern = mentionPattern(usernames);
  for (;;) {
    const where = { recipientId: userId, kind: 'MENTION' as const };
    const mentions = await db.activity.findMany({ where, take: BATCH_SIZE });
    if (mentions.length === 0) break;
    const photoIds = mentions.flatMap((row) => row.photoId ?? []);
    await writeInvalidating(redis, photoIds.map(photoKey), () =>
      db.$transaction(async (tx) => {
        for (const { photoId, commentId, subjectId } of mentions) {
          await (commentId === null
            ? tx.$executeRaw`
                update photos set caption = regexp_replace(caption, ${pattern}, ${REDACTED_MENTION}, 'gi')
                where id = ${photoId}`
            : tx.$executeRaw`
                update comments set text = regexp_replace(text, ${pattern}, ${REDACTED_MENTION}, 'gi')
                where photo_id = ${photoId} and id = ${commentId}`);
          await tx.activity.deleteMany({ where: { ...where, subjectId } });
        }
        await addToReport(tx, userId, { activities: mentions.length, mentions: mentions.length });
      }),
    );
  }
  const identifiers = identifierPattern({ id: userId, email, usernames });
  await db.$executeRaw`
    update moderation_acts set why = regexp_replace(why, ${identifiers}, '[deleted]', 'gi')
    where (user_id = ${userId} or moderator_id = ${userId}) and why ~* ${identifiers}`;
}
