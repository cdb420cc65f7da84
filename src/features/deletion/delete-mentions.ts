import { writeInvalidating } from '../../stores/cached-rows.ts';
import type { Stores } from '../../stores/stores.ts';
import { photoKey } from '../records/photo-rows.ts';
import { addRemoved } from './delete-rows.ts';
import { mentionPattern, namingPattern } from './naming.ts';

const AT_ONCE = 100;
/** What stands where a person was mentioned. It is no username, so it mentions nobody. */
const NOBODY = '@[deleted]';

/**
 * Takes a person's name out of what others wrote: where they were told that they are mentioned, and in the reasons of moderators. What is left
 * of it would one day mean whoever takes the username next.
 */
export async function unmention(
  stores: Stores,
  userId: bigint,
  { usernames, email }: { usernames: readonly string[]; email: string },
): Promise<void> {
  const { db, redis } = stores;
  const pattern = mentionPattern(usernames);
  for (;;) {
    const where = { recipientId: userId, kind: 'MENTION' as const };
    const mentions = await db.activity.findMany({ where, take: AT_ONCE });
    if (mentions.length === 0) break;
    const photoIds = mentions.flatMap((row) => row.photoId ?? []);
    await writeInvalidating(redis, photoIds.map(photoKey), () =>
      db.$transaction(async (tx) => {
        for (const { photoId, commentId, subjectId } of mentions) {
          await (commentId === null
            ? tx.$executeRaw`
                update photos set caption = regexp_replace(caption, ${pattern}, ${NOBODY}, 'gi') where id = ${photoId}`
            : tx.$executeRaw`
                update comments set text = regexp_replace(text, ${pattern}, ${NOBODY}, 'gi')
                where photo_id = ${photoId} and id = ${commentId}`);
          await tx.activity.deleteMany({ where: { ...where, subjectId } });
        }
        await addRemoved(tx, userId, { activities: mentions.length, mentions: mentions.length });
      }),
    );
  }
  const named = namingPattern({ id: userId, email, usernames });
  await db.$executeRaw`
    update moderation_acts set why = regexp_replace(why, ${named}, '[deleted]', 'gi')
    where (user_id = ${userId} or moderator_id = ${userId}) and why ~* ${named}`;
}
