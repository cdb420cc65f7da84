/** The people of the matrix: each relation of a viewer to a target, and each state of a target's account or photo. */
import { refreshPopular } from '../../src/features/discovery/popular.ts';
import type { Stores } from '../../src/stores/stores.ts';
import { attempt, mustSee } from '../support/backstage.ts';
import { newPerson, type Person, unique } from '../support/people.ts';
import { share } from '../support/photos.ts';
import { rowId, untilFolded } from '../support/rows.ts';
import { logIn } from '../support/sessions.ts';
import { until } from '../support/until.ts';

/** The viewers, named for their relation to every target. */
export const VIEWERS = [
  'anonymous',
  'stranger',
  'follower',
  'pending',
  'blocked by target',
  'blocking target',
  'muting target',
  'muted by target',
  'following its hashtag',
  'owner',
  'suspended',
  'moderator',
] as const;
export type Viewer = (typeof VIEWERS)[number];

/** The targets, named for the state of the account or of its photo. */
export const TARGETS = [
  'public',
  'private',
  'deleted photo',
  'hidden photo',
  'deactivated',
  'suspended account',
  'deleted account',
] as const;
export type Target = (typeof TARGETS)[number];

/** Unique texts, each of which belongs to one thing: an answer with the text shows the thing. */
export interface Marks {
  /** The person's username. */
  person: string;
  /** The person's display name. */
  name: string;
  bio: string;
  /** The hashtag in the photo's caption. */
  photo: string;
  /** A bystander's comment on the photo. */
  comment: string;
  /** The name of the photo's place. */
  place: string;
  /** The person's comment on the neutral photo. */
  elsewhere: string;
  /** The person's comment on the viewers' photos. */
  toViewer: string;
}

/** A target with its objects. */
export interface Subject {
  person: Person;
  marks: Marks;
  photoId: string;
  placeId: string;
  /** Where the photo was taken. */
  point: { latitude: number; longitude: number };
  commentId: string;
  elsewhereId: string;
  /** A URL of the photo from the time when it was public. */
  keptUrl: string;
}

export interface World {
  viewers: Record<Exclude<Viewer, 'anonymous' | 'owner'>, Person>;
  subjects: Record<Target, Subject>;
  /** Each viewer's own photo. All targets liked it and commented on it before the relations changed. */
  ownPhotos: Record<Exclude<Viewer, 'anonymous' | 'owner'>, string>;
  /** A person whom all targets follow, and who commented on their photos. */
  bystander: Person;
  /** A photo of a further person that all targets like and commented on. */
  neutralPhotoId: string;
  /**
   * A person whom all viewers follow and nobody blocks or mutes. Their events mark the end of what a test waits for.
   */
  fence: Person;
  /** A hashtag that every target's photo has. */
  hashtag: string;
}

const FOLLOWING = ['follower', 'muting target', 'muted by target', 'suspended'] as const;

/**
 * What a viewer may see of a target. Written from the specification and not from the code, to compare the code with.
 */
export function rules(viewer: Viewer, target: Target) {
  const isGone = target === 'deactivated' || target === 'suspended account' || target === 'deleted account';
  const hasSession = viewer !== 'anonymous' && viewer !== 'suspended' && !(viewer === 'owner' && isGone);
  const isOwner = viewer === 'owner' && hasSession;
  const isBlocked = viewer === 'blocked by target' || viewer === 'blocking target';
  const follows = hasSession && (FOLLOWING as readonly string[]).includes(viewer);
  const personListed = isOwner || (!isGone && !isBlocked);
  const accountContents = isOwner || (personListed && (target !== 'private' || follows));
  const photoListed = target !== 'deleted photo' && (isOwner || (accountContents && target !== 'hidden photo'));
  const isModerator = viewer === 'moderator';
  return {
    hasSession,
    isOwner,
    /** In lists of people, and as the author of comments. */
    personListed,
    /** By id or username: moderators also see people whom they have suspended. */
    person: personListed || (isModerator && target === 'suspended account'),
    /** Followers, following and photos. */
    accountContents,
    photoListed,
    /** By id: moderators also see photos that they have hidden. */
    photo: photoListed || (isModerator && target === 'hidden photo'),
    /** Among popular photos. */
    isDiscovery: photoListed && !isOwner && !follows,
    inFeed: !isOwner && (follows || viewer === 'following its hashtag') && photoListed && viewer !== 'muting target',
    /** Whether the hashtag of the photo is among the related ones: only public photos count. */
    related: photoListed && target === 'public',
    /** Whether the viewer is notified of what the person does to them. */
    isNotified: hasSession && !isOwner && personListed && viewer !== 'muting target',
  };
}

/** Creates the people and their relations, and then brings each target into its state. */
export async function buildWorld(url: string, stores: Stores): Promise<World> {
  const people = VIEWERS.filter((viewer) => viewer !== 'anonymous' && viewer !== 'owner');
  const viewers = await newOfEach(people, () => newPerson(url, 'viewer'));
  const persons = await newOfEach(TARGETS, () => newPerson(url, 'target'));
  const [bystander, neutral, fence, judge] = await Promise.all(
    ['bystander', 'neutral', 'fence', 'judge'].map((name) => newPerson(url, name)),
  );
  if (!bystander || !neutral || !fence || !judge) throw new Error('unreachable');

  for (const viewer of Object.values(viewers)) await viewer.follow(fence);
  for (const person of Object.values(persons)) {
    await person.follow(bystander);
    for (const viewer of FOLLOWING) await viewers[viewer].follow(person);
  }
  const [neutralPhotoId, ownPhotos] = await Promise.all([
    share(neutral, 'everybody sees this'),
    newOfEach(people, (viewer) => share(viewers[viewer])),
  ]);
  const mentions = Object.values(viewers)
    .map((viewer) => `@${viewer.username}`)
    .join(' ');
  const hashtag = `h${unique()}`;
  const captionEnd = `${mentions} #${hashtag}`;
  const subjects = await newOfEach(TARGETS, (target) =>
    newSubject(persons[target], { bystander, neutralPhotoId, ownPhotos: Object.values(ownPhotos), captionEnd }),
  );

  const set = (person: Person, name: string, input: object, selection: string) => must(person, name, input, selection);
  await set(viewers['following its hashtag'], 'followHashtag', { name: hashtag }, 'hashtag { name }');
  await set(persons.private, 'setPrivacy', { isPrivate: true }, 'user { id }');
  await viewers.pending.follow(persons.private);
  for (const person of Object.values(persons)) {
    await set(person, 'block', { userId: viewers['blocked by target'].id }, 'user { id }');
    await set(viewers['blocking target'], 'block', { userId: person.id }, 'user { id }');
    await set(viewers['muting target'], 'mute', { userId: person.id }, 'user { id }');
    await set(person, 'mute', { userId: viewers['muted by target'].id }, 'user { id }');
  }
  for (const moderator of [judge, viewers.moderator]) await makeModerator(stores, moderator);
  await set(bystander, 'report', { subjectId: subjects['hidden photo'].photoId, reason: 'SPAM' }, 'reported');
  await set(judge, 'hidePhoto', { photoId: subjects['hidden photo'].photoId, why: 'a test' }, 'photo { id }');
  await set(persons['deleted photo'], 'deletePhoto', { photoId: subjects['deleted photo'].photoId }, 'deletedPhotoId');
  for (const person of [persons['suspended account'], viewers.suspended]) {
    await set(judge, 'suspendUser', { userId: person.id, why: 'a test' }, 'user { id }');
  }
  const { deactivated, 'deleted account': deleted } = persons;
  await set(deactivated, 'deactivateAccount', { password: deactivated.password }, 'deletedAfter');
  await set(deleted, 'deleteAccount', { password: deleted.password }, 'deletedUserId');
  await untilSettled(stores, [...Object.values(persons), ...Object.values(viewers), bystander, neutral, fence]);
  await makePopular(
    stores,
    Object.values(subjects).map(({ photoId }) => rowId(photoId)),
  );
  return { viewers, subjects, ownPhotos, bystander, neutralPhotoId, fence, hashtag };
}

async function newSubject(
  person: Person,
  others: { bystander: Person; neutralPhotoId: string; ownPhotos: string[]; captionEnd: string },
): Promise<Subject> {
  const mark = (kind: string) => `${kind}${unique()}`;
  const marks: Marks = {
    person: person.username,
    name: mark('name'),
    bio: mark('bio'),
    photo: mark('caption'),
    comment: mark('comment'),
    place: mark('place'),
    elsewhere: mark('elsewhere'),
    toViewer: mark('hello'),
  };
  await must(person, 'updateProfile', { displayName: marks.name, bio: marks.bio }, 'user { id }');
  const point = { latitude: Math.random() * 140 - 70, longitude: Math.random() * 360 - 180 };
  const photoId = await share(person, `#${marks.photo} ${others.captionEnd}`, { ...point, placeName: marks.place });
  const placeId = await placeOf(person, photoId);
  const comment = async (author: Person, id: string, text: string) => {
    const input = { photoId: id, text };
    const payload = await must<{ comment: { id: string } }>(author, 'addComment', input, 'comment { id }');
    return payload.comment.id;
  };
  const like = (liker: Person, id: string) => must(liker, 'likePhoto', { photoId: id }, 'photo { id }');
  const commentId = await comment(others.bystander, photoId, marks.comment);
  await like(others.bystander, photoId);
  const elsewhereId = await comment(person, others.neutralPhotoId, marks.elsewhere);
  await like(person, others.neutralPhotoId);
  for (const ownPhotoId of others.ownPhotos) {
    await comment(person, ownPhotoId, marks.toViewer);
    await like(person, ownPhotoId);
  }
  const keptUrl = (await mustSee(person, photoId)).w320?.url ?? '';
  return { person, marks, photoId, placeId, point, commentId, elsewhereId, keptUrl };
}

async function placeOf(person: Person, photoId: string): Promise<string> {
  const query = 'query ($id: ID!) { node(id: $id) { ... on Photo { location { place { id } } } } }';
  type Answer = { node: { location: { place: { id: string } } } };
  const { data } = await person.send<Answer>(query, { id: photoId });
  return data?.node.location.place.id ?? '';
}

/** Waits until the workers have moved the files, folded the counts and deleted the account. */
async function untilSettled(stores: Stores, people: readonly Person[]): Promise<void> {
  const ids = people.map((person) => rowId(person.id));
  await until(async () => {
    const [row] = await stores.db.$queryRaw<[{ open: number }]>`
      select (
        (select count(*) from photos join users on users.id = owner_id
          where owner_id = any(${ids}::bigint[]) and status = 'READY'
            and media_is_public <> (not is_private and not is_hidden and hidden_at is null))
        + (select count(*) from users where id = any(${ids}::bigint[]) and deleting_at is not null)
      )::int as open`;
    return row.open === 0;
  }, 60);
  await untilFolded(stores, people, 60);
}

/** Ranks these photos as the most popular, above those of other tests, and keeps the list for the whole run. */
async function makePopular({ db, redis, ...stores }: Stores, photoIds: readonly bigint[]): Promise<void> {
  const keys = await redis.keys('popular:*');
  if (keys.length > 0) await redis.del(...keys);
  const where = { id: { in: [...photoIds] } };
  await db.photo.updateMany({ where, data: { likeCount: { increment: 1_000_000 } } });
  await refreshPopular({ ...stores, db, redis });
  await db.photo.updateMany({ where, data: { likeCount: { decrement: 1_000_000 } } });
  const [key = ''] = await redis.keys('popular:*');
  await redis.copy(key, `popular:${Number(key.split(':')[1]) + 1}`);
}

async function makeModerator({ db, redis }: Stores, person: Person): Promise<void> {
  await db.user.update({ where: { id: rowId(person.id) }, data: { isModerator: true } });
  const keys = await redis.keys(`user:*${rowId(person.id)}`);
  await Promise.all(keys.map((key) => redis.del(key)));
}

/** Sends a mutation that must succeed. */
export async function must<T = object>(person: Person, name: string, input: object, selection: string): Promise<T> {
  const payload = await attempt<T & object>(person, name, input, selection);
  if (payload.userErrors.length > 0) throw new Error(`${name} failed: ${JSON.stringify(payload)}`);
  return payload;
}

/** Whether a person can still log in. */
export async function canLogIn(person: Person): Promise<boolean> {
  return (await logIn(person.username, person.password)).data?.logIn.token !== null;
}

async function newOfEach<Name extends string, T>(
  names: readonly Name[],
  create: (name: Name) => Promise<T>,
): Promise<Record<Name, T>> {
  const entries = await Promise.all(names.map(async (name) => [name, await create(name)] as const));
  return Object.fromEntries(entries) as Record<Name, T>;
}
