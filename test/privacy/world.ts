/** The people of the matrix: each way of standing towards somebody, and each state in which somebody, or their photo, can be. */
import { refreshPopular } from '../../src/features/discovery/popular.ts';
import type { Stores } from '../../src/stores/stores.ts';
import { attempt, mustSee } from '../support/backstage.ts';
import { newPerson, type Person, unique } from '../support/people.ts';
import { share } from '../support/photos.ts';
import { rowId, untilFolded } from '../support/rows.ts';
import { logIn } from '../support/sessions.ts';
import { until } from '../support/until.ts';

/** Who looks. */
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

/** What is looked at. */
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

/** Texts that are nowhere but in one thing: where the text is, the thing is shown. */
export interface Marks {
  /** The person's username. */
  person: string;
  /** The person's displayed name, which nobody writes elsewhere. */
  name: string;
  bio: string;
  /** The photo's caption, and the hashtag in it that no other photo has. */
  photo: string;
  /** A bystander's comment on the photo. */
  comment: string;
  /** The name of the place where the photo was taken, which no other photo has. */
  place: string;
  /** What the person wrote about everybody's photo. */
  elsewhere: string;
  /** What the person wrote about the viewers' photos. */
  toViewer: string;
}

/** Somebody who is looked at, with what is theirs. */
export interface Subject {
  person: Person;
  marks: Marks;
  photoId: string;
  placeId: string;
  /** Where it was taken. */
  point: { latitude: number; longitude: number };
  commentId: string;
  elsewhereId: string;
  /** The photo's URL from when everybody could see it. */
  keptUrl: string;
}

export interface World {
  viewers: Record<Exclude<Viewer, 'anonymous' | 'owner'>, Person>;
  subjects: Record<Target, Subject>;
  /** Each viewer's own photo, which everybody liked and wrote about before. */
  ownPhotos: Record<Exclude<Viewer, 'anonymous' | 'owner'>, string>;
  /** Somebody whom all targets follow, and who writes about their photos. */
  bystander: Person;
  /** A photo of somebody else that all targets like and write about. */
  neutralPhotoId: string;
  /** Somebody whom all viewers follow and nobody minds. */
  fence: Person;
  /** A hashtag that every target's photo has. */
  hashtag: string;
}

const FOLLOWING = ['follower', 'muting target', 'muted by target', 'suspended'] as const;

/** What a viewer may expect. Written down here once more, from the issue and not from the code, to compare the code with. */
export function rules(viewer: Viewer, target: Target) {
  const isGone = target === 'deactivated' || target === 'suspended account' || target === 'deleted account';
  const hasSession = viewer !== 'anonymous' && viewer !== 'suspended' && !(viewer === 'owner' && isGone);
  const isOwner = viewer === 'owner' && hasSession;
  const isBlocked = viewer === 'blocked by target' || viewer === 'blocking target';
  const follows = hasSession && (FOLLOWING as readonly string[]).includes(viewer);
  const personListed = isOwner || (!isGone && !isBlocked);
  const within = isOwner || (personListed && (target !== 'private' || follows));
  const photoListed = target !== 'deleted photo' && (isOwner || (within && target !== 'hidden photo'));
  const isModerator = viewer === 'moderator';
  return {
    hasSession,
    isOwner,
    /** In lists of people, and as the author of comments. */
    personListed,
    /** By itself: moderators see whom they have suspended. */
    person: personListed || (isModerator && target === 'suspended account'),
    /** Followers, following and photos. */
    within,
    photoListed,
    /** By itself: moderators see what they have hidden. */
    photo: photoListed || (isModerator && target === 'hidden photo'),
    /** Among what is popular. */
    isDiscovery: photoListed && !isOwner && !follows,
    inFeed: !isOwner && (follows || viewer === 'following its hashtag') && photoListed && viewer !== 'muting target',
    /** Among what is related to the hashtags of the photo: those of photos that everybody may see. */
    related: photoListed && target === 'public',
    /** Whether the viewer is told of what the person does to them. */
    wanted: hasSession && !isOwner && personListed && viewer !== 'muting target',
  };
}

/** Makes everybody, lets them meet, and then brings each into their state. */
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
  const ends = `${mentions} #${hashtag}`;
  const subjects = await newOfEach(TARGETS, (target) =>
    newSubject(persons[target], { bystander, neutralPhotoId, ownPhotos: Object.values(ownPhotos), ends }),
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
  others: { bystander: Person; neutralPhotoId: string; ownPhotos: string[]; ends: string },
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
  const photoId = await share(person, `#${marks.photo} ${others.ends}`, { ...point, placeName: marks.place });
  const placeId = await placeOf(person, photoId);
  const comment = async (author: Person, on: string, text: string) => {
    const made = await must<{ comment: { id: string } }>(author, 'addComment', { photoId: on, text }, 'comment { id }');
    return made.comment.id;
  };
  const like = (liker: Person, on: string) => must(liker, 'likePhoto', { photoId: on }, 'photo { id }');
  const commentId = await comment(others.bystander, photoId, marks.comment);
  await like(others.bystander, photoId);
  const elsewhereId = await comment(person, others.neutralPhotoId, marks.elsewhere);
  await like(person, others.neutralPhotoId);
  for (const own of others.ownPhotos) {
    await comment(person, own, marks.toViewer);
    await like(person, own);
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

/** Waits until files are moved, counts folded and the account deleted. */
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

/** Has the list of what is popular made with these photos above those of other tests, and keeps it for this run. */
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

/** Whether somebody can log in still. */
export async function canLogIn(person: Person): Promise<boolean> {
  return (await logIn(person.username, person.password)).data?.logIn.token !== null;
}

async function newOfEach<Name extends string, T>(
  names: readonly Name[],
  make: (name: Name) => Promise<T>,
): Promise<Record<Name, T>> {
  const entries = await Promise.all(names.map(async (name) => [name, await make(name)] as const));
  return Object.fromEntries(entries) as Record<Name, T>;
}
