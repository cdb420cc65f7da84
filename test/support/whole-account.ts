import { userKey } from '../../src/features/records/user-rows.ts';
import type { Stores } from '../../src/stores/stores.ts';
import { send } from './client.ts';
import { type Person, signUp } from './people.ts';
import { createUpload, newJpeg, put, settled, share, type TestUpload } from './photos.ts';
import { rowId, untilFolded } from './rows.ts';
import { until } from './until.ts';

/** A person with rows in every table, and the people whom they have relations with. */
export interface WholeAccount {
  person: Person;
  /** The username that they gave up. */
  formerName: string;
  /** Follows the person, and the person them. */
  friend: Person;
  /** Follows the person. */
  fan: Person;
  /** A private account that the person has asked to follow. */
  recluse: Person;
  /** Has asked to follow the person. */
  asker: Person;
  /** Whom the person blocks. */
  blocked: Person;
  /** Who blocks the person, and follows nobody any more. */
  blocker: Person;
  /** Whom the person mutes. */
  muted: Person;
  /** Who mutes the person. */
  muter: Person;
  moderator: Person;
  /** Liked and commented on by the friend and the blocker. */
  photo: string;
  /** Hidden by the moderator. */
  hiddenPhoto: string;
  /** Mentions the person, who likes it and comments on it. */
  friendPhoto: string;
  /** The person likes it and comments on it, and its owner blocks them. */
  blockerPhoto: string;
  /** Sent and not published. */
  upload: TestUpload;
  file: Buffer;
}

/** Does something that takes an input; fails when there are errors of any kind. */
export function act<T = Record<string, unknown>>(
  person: Person,
  name: string,
  input: object,
  selection: string,
): Promise<T> {
  return person.mutate<T>(name, `${name[0]?.toUpperCase()}${name.slice(1)}Input`, input, selection);
}

/** Makes a person a moderator, as `npm run admin` does. */
async function appoint({ db, redis }: Stores, person: Person): Promise<void> {
  const id = rowId(person.id);
  await db.user.update({ where: { id }, data: { isModerator: true } });
  await redis.del(userKey(id));
}

/** Waits until every job has run but those of a later hour. */
async function untilSettled({ db }: Stores): Promise<void> {
  await until(async () => {
    const [row] = await db.$queryRaw<[{ count: number }]>`
      select count(*)::int as count from graphile_worker.jobs
      where task_identifier not like 'sweep%' and run_at < now() + interval '10 minutes'`;
    return row.count === 0;
  });
}

/** Makes such an account, through the API. It is private in the end. */
export async function makeWholeAccount(url: string, stores: Stores): Promise<WholeAccount> {
  const names = ['person', 'friend', 'fan', 'recluse', 'asker', 'blocked', 'blocker', 'muted', 'muter', 'moderator'];
  const people = await Promise.all(names.map((name) => signUp(url, name)));
  const [signedUp, friend, fan, recluse, asker, blocked, blocker, muted, muter, moderator] = people as [
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
  ];
  await appoint(stores, moderator);
  const formerName = signedUp.username;
  const username = `now.${formerName.slice(-12)}`;
  await act(signedUp, 'changeUsername', { username }, 'user { username }');
  const person = { ...signedUp, username };
  await act(person, 'updateProfile', { bio: 'I am here.' }, 'user { bio }');

  const picture = await newJpeg();
  const forAvatar = await createUpload(person, picture);
  await put(forAvatar, picture);
  await act(person, 'setAvatar', { uploadId: forAvatar.id }, 'viewer { avatarStatus }');

  for (const follower of [friend, fan]) await follower.follow(person);
  await person.follow(friend);
  await act(recluse, 'setPrivacy', { isPrivate: true }, 'user { isPrivate }');
  await person.follow(recluse);

  const friendPhoto = await share(friend, `Look, @${username}: and x${username}`);
  const blockerPhoto = await share(blocker, 'Soon out of sight');
  const photo = await share(person, `With @${friend.username}`);
  const hiddenPhoto = await share(person, 'Not for everybody #dusk');
  for (const [actor, photoId, idempotencyKey] of [
    [friend, photo, 'first'],
    [blocker, photo, 'first'],
    [person, friendPhoto, 'first'],
    [person, blockerPhoto, 'second'],
  ] as const) {
    await act(actor, 'likePhoto', { photoId }, 'photo { id }');
    const text = `A comment by ${actor.username}`;
    await act(actor, 'addComment', { photoId, text, idempotencyKey }, 'comment { id }');
  }
  await act(friend, 'addComment', { photoId: friendPhoto, text: `Thanks, @${username}.` }, 'comment { id }');

  await act(person, 'block', { userId: blocked.id }, 'user { id }');
  await act(blocker, 'block', { userId: person.id }, 'user { id }');
  await act(person, 'mute', { userId: muted.id }, 'user { id }');
  await act(muter, 'mute', { userId: person.id }, 'user { id }');
  await act(person, 'followHashtag', { name: 'dusk' }, 'hashtag { name }');

  const reason = { reason: 'SPAM', details: 'See for yourself' };
  await act(person, 'report', { subjectId: friendPhoto, ...reason }, 'reported');
  for (const subjectId of [hiddenPhoto, person.id]) await act(friend, 'report', { subjectId, ...reason }, 'reported');
  await act(moderator, 'hidePhoto', { photoId: hiddenPhoto, why: `${username} was warned before` }, 'photo { id }');

  await act(person, 'setPrivacy', { isPrivate: true }, 'user { isPrivate }');
  await asker.follow(person);

  const file = await newJpeg();
  const upload = await createUpload(person, file);
  await put(upload, file);
  const login = { login: username, password: person.password, device: 'Another device' };
  await send(url, 'mutation ($input: LogInInput!) { logIn(input: $input) { token } }', { input: login });
  await settled(person, photo);
  // Owners are notified of likes and followers when the counts are folded.
  await untilFolded(stores, people);
  await untilSettled(stores);
  return {
    person,
    formerName,
    friend,
    fan,
    recluse,
    asker,
    blocked,
    blocker,
    muted,
    muter,
    moderator,
    photo,
    hiddenPhoto,
    friendPhoto,
    blockerPhoto,
    upload,
    file,
  };
}

/** Asks for a copy of a person's data and waits until it is there. @returns its URL */
export async function exportOf(person: Person): Promise<string> {
  await act(person, 'requestDataExport', { password: person.password }, 'dataExport { status }');
  return until(async () => {
    const { data } = await person.send<{ me: { dataExport: { status: string; url: string | null } | null } }>(
      '{ me { dataExport { status url } } }',
    );
    return data?.me.dataExport?.url;
  });
}
