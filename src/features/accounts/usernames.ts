import { writeInvalidating } from '../../stores/cached-rows.ts';
import { type Transaction, violatedUnique } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { boundText, type ClientText } from '../kernel/client-text.ts';
import { type UserError, UserErrors, userError } from '../kernel/errors.ts';
import { userKey } from '../records/user-rows.ts';

const MAX_USERNAME = 30;
const USERNAME = new RegExp(`^[a-z0-9._]{3,${MAX_USERNAME}}$`);
/** For so long nobody else can take a username that its owner gave up. */
const HELD_DAYS = 14;

/** Usernames that could impersonate the service, or that clients need for their own URLs. */
const RESERVED = new Set(
  `about abuse account accounts activity admin administrator all anonymous api app apps assets auth
  billing blog bot cdn contact copyright darkroom dashboard dev developer developers direct docs download
  email everyone everybody explore feed feedback followers following graphql guest health help here home
  inbox info jobs legal like likes location locations login logout mail media me mod moderation moderator
  moderators nobody noreply no.reply no_reply notifications null official oauth official.darkroom p photo
  photos places popular press privacy private profile public register report reports root safety search
  security session sessions settings share shop signin signout signup staff static status stories story
  subscribe subscriptions support sysadmin system tag tags team terms test trending undefined unfollow
  upload uploads user username users verified verify webhook webhooks webmaster www you`.split(/\s+/),
);

/** The username that a client means, in lower case. @returns null when it is none, reserved or not */
function parseUsername(name: ClientText): string | null {
  const username = boundText(name, MAX_USERNAME)?.toLowerCase() ?? '';
  return USERNAME.test(username) ? username : null;
}

/**
 * Reads the username that somebody chooses, ignoring case.
 *
 * @param userErrors receives an error when it is invalid or reserved. The result is then of no use
 */
export function readNewUsername(name: ClientText, userErrors: UserError[]): string {
  const username = parseUsername(name);
  const field = ['username'];
  if (username === null) {
    const message = `A username has 3 to ${MAX_USERNAME} characters of a to z, 0 to 9, dot and underscore.`;
    userErrors.push({ code: 'INVALID', message, field });
    return '';
  }
  // With dots and underscores around it, a reserved name looks the same.
  if (RESERVED.has(username) || RESERVED.has(username.replace(/^[._]+|[._]+$/g, ''))) {
    userErrors.push({ code: 'RESERVED', message: 'This username is kept from being used. Choose another one.', field });
  }
  return username;
}

/** The error TAKEN for a username. */
export function usernameTakenError(): UserErrors {
  return userError('TAKEN', 'Somebody else has this username already.', 'username');
}

/**
 * Refuses a username that somebody else gave up within the last 14 days. Call it after taking the name in the same
 * transaction: the unique index has then waited for the commit of a previous owner who was giving it up.
 *
 * @throws UserErrors TAKEN if the name is still held
 */
export async function requireNotHeld(tx: Transaction, userId: bigint, username: string): Promise<void> {
  const held = await tx.formerUsername.findFirst({
    where: { username, userId: { not: userId }, heldUntil: { gt: new Date() } },
  });
  if (held) throw usernameTakenError();
}

/**
 * Changes a person's username. Nobody else can take the old one for 14 days. Idempotent.
 *
 * @throws UserErrors INVALID, RESERVED or TAKEN
 */
export async function changeUsername({ db, redis }: Stores, userId: bigint, name: ClientText): Promise<void> {
  const userErrors: UserError[] = [];
  const username = readNewUsername(name, userErrors);
  if (userErrors.length > 0) throw new UserErrors(userErrors);
  try {
    await writeInvalidating(redis, [userKey(userId)], () =>
      db.$transaction(async (tx) => {
        // The row lock keeps two concurrent changes from giving up the same name.
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
    if (violatedUnique(error) === 'users_username_key') throw usernameTakenError();
    throw error;
  }
}

/** The id of the person with a username, ignoring case; null if there is none or the username is invalid. */
export async function findUserIdByUsername({ db }: Stores, name: ClientText): Promise<bigint | null> {
  const username = parseUsername(name);
  if (username === null) return null;
  const row = await db.user.findUnique({ where: { username }, select: { id: true } });
  return row?.id ?? null;
}

/** Deletes former usernames that are no longer held. */
export async function sweepFormerUsernames({ db }: Stores): Promise<void> {
  await db.formerUsername.deleteMany({ where: { heldUntil: { lt: new Date() } } });
}
