import { writeInvalidating } from '../../stores/cached-rows.ts';
import { type Transaction, violatedUnique } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { type UserError, UserErrors, userError } from '../kernel/errors.ts';
import { userKey } from '../records/user-rows.ts';

const USERNAME = /^[a-z0-9._]{3,30}$/;
/** How long nobody else can take a name that was given up. */
const HELD_DAYS = 14;

/** Names by which somebody could pass for the service, or that clients need as addresses of their own. */
const RESERVED = new Set(
  `about abuse account accounts activity admin administrator all anonymous api app apps assets auth billing blog bot cdn
  contact copyright darkroom dashboard dev developer developers direct docs download email everyone everybody explore
  feed feedback followers following graphql guest health help here home inbox info jobs legal like likes location
  locations login logout mail media me mod moderation moderator moderators nobody noreply no.reply no_reply notifications
  null official oauth official.darkroom p photo photos places popular press privacy private profile public register
  report reports root safety search security session sessions settings share shop signin signout signup staff static
  status stories story subscribe subscriptions support sysadmin system tag tags team terms test trending undefined
  unfollow upload uploads user username users verified verify webhook webhooks webmaster www you`.split(/\s+/),
);

/** What is wrong with a username, in small letters; none when it may be taken by whoever comes first. */
export function checkUsername(username: string): UserError[] {
  const field = ['username'];
  if (!USERNAME.test(username)) {
    const message = 'A username has 3 to 30 characters of a to z, 0 to 9, dot and underscore.';
    return [{ code: 'INVALID', message, field }];
  }
  // Dots and underscores at the ends make it look the same.
  if (RESERVED.has(username) || RESERVED.has(username.replace(/^[._]+|[._]+$/g, ''))) {
    return [{ code: 'RESERVED', message: 'This username is kept from being used. Choose another one.', field }];
  }
  return [];
}

/** The mistake of choosing a name that somebody has. */
export function usernameTaken(): UserErrors {
  return userError('TAKEN', 'Somebody else has this username already.', 'username');
}

/**
 * Refuses a name that somebody gave up lately. To be asked after the name was taken in the same transaction: then whoever gave it up
 * has done so before.
 *
 * @throws UserErrors TAKEN
 */
export async function requireNotHeld(tx: Transaction, userId: bigint, username: string): Promise<void> {
  const held = await tx.formerUsername.findFirst({
    where: { username, userId: { not: userId }, heldUntil: { gt: new Date() } },
  });
  if (held) throw usernameTaken();
}

/**
 * Changes a person's username; nobody else can take the old one for 14 days. The same name again changes nothing.
 *
 * @throws UserErrors INVALID, RESERVED or TAKEN
 */
export async function changeUsername({ db, redis }: Stores, userId: bigint, name: string): Promise<void> {
  const username = name.toLowerCase();
  const userErrors = checkUsername(username);
  if (userErrors.length > 0) throw new UserErrors(userErrors);
  try {
    await writeInvalidating(redis, [userKey(userId)], () =>
      db.$transaction(async (tx) => {
        // Locked, so that two changes at once do not both give up the same name.
        const [current] = await tx.$queryRaw<{ username: string }[]>`
          select username from users where id = ${userId} for no key update`;
        if (!current || current.username === username) return;
        await tx.user.update({ where: { id: userId }, data: { username } });
        await requireNotHeld(tx, userId, username);
        await tx.formerUsername.deleteMany({ where: { username } });
        await tx.$executeRaw`
          insert into former_usernames (username, user_id, held_until)
          values (${current.username}, ${userId}, now() + ${HELD_DAYS}::int * interval '1 day')
          on conflict (username) do update set user_id = excluded.user_id, held_until = excluded.held_until`;
      }),
    );
  } catch (error) {
    if (violatedUnique(error) === 'users_username_key') throw usernameTaken();
    throw error;
  }
}

/** The person with a username, whatever its capitals; null also for what no username can be. */
export async function findUsername({ db }: Stores, username: string): Promise<bigint | null> {
  const name = username.toLowerCase();
  if (!USERNAME.test(name)) return null;
  const row = await db.user.findUnique({ where: { username: name }, select: { id: true } });
  return row?.id ?? null;
}

/** Forgets names whose time of being held is over. */
export async function sweepFormerUsernames({ db }: Stores): Promise<void> {
  await db.formerUsername.deleteMany({ where: { heldUntil: { lt: new Date() } } });
}
