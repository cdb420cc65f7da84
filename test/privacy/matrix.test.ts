/**
 * The privacy matrix: every viewer on every path to every target. A path is a GraphQL document. The first test reads
 * from the schema which fields the paths must select: a new field that returns a photo, a person, a comment or a place
 * fails it until a path selects the field.
 */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Stores } from '../../src/stores/stores.ts';
import { openBackstage } from '../support/backstage.ts';
import { type Answer, type Subscription, send, subscribe } from '../support/client.ts';
import { untilFannedOut } from '../support/feed.ts';
import type { Person } from '../support/people.ts';
import { insertPhoto, rowId } from '../support/rows.ts';
import { until } from '../support/until.ts';
import { fieldsIn, pathsOf, readSchema } from './coverage.ts';
import {
  ATTEMPTS,
  type Attempt,
  BLOCKS,
  documentOf,
  FORBIDDEN,
  type Path,
  QUERIES,
  type Shown,
  SUBSCRIPTIONS,
  sharedQueries,
} from './paths.ts';
import {
  buildWorld,
  canLogIn,
  type Marks,
  must,
  rules,
  type Subject,
  TARGETS,
  type Target,
  VIEWERS,
  type Viewer,
  type World,
} from './world.ts';

const url = inject('url');
let stores: Stores;
let world: World;
beforeAll(async () => {
  stores = await openBackstage();
  world = await buildWorld(url, stores);
});
afterAll(() => stores?.close());

/** The person who acts as this viewer of a target; null without a session. */
function personOf(viewer: Viewer, target: Target): Person | null {
  if (viewer === 'anonymous') return null;
  return viewer === 'owner' ? world.subjects[target].person : world.viewers[viewer];
}

function query(person: Person | null, document: string, variables: object = {}): Promise<Answer> {
  return person ? person.send(document, variables) : send(url, document, variables);
}

/** Compares the marks of a target in an answer with those that the rules allow. */
function expectShown(what: string, answer: unknown, { marks }: Subject, shown: Shown): void {
  const text = JSON.stringify(answer);
  const kinds = Object.keys(marks) as (keyof Marks)[];
  const found = kinds.filter((kind) => text.includes(marks[kind]));
  expect([what, found]).toEqual([what, kinds.filter((kind) => shown[kind])]);
}

/** Checks that an answer that must show nothing has no global id of the target, except ids that were sent. */
function expectNoIds(what: string, answer: unknown, subject: Subject, sent: object): void {
  const ids = [subject.person.id, subject.photoId, subject.commentId, subject.elsewhereId];
  const revealed = ids.filter((id) => JSON.stringify(answer).includes(id) && !JSON.stringify(sent).includes(id));
  expect([what, revealed]).toEqual([what, []]);
}

/** The answers to queries that do not depend on the target, by query and viewer; for owners by target. */
const sharedAnswers = new Map<string, Promise<Answer>>();
function queryShared(viewer: Viewer, target: Target, path: Path): Promise<Answer> {
  const key = `${path.name} ${viewer === 'owner' ? target : viewer}`;
  const answer = sharedAnswers.get(key) ?? query(personOf(viewer, target), path.document);
  sharedAnswers.set(key, answer);
  return answer;
}

/** The fields that return only the viewer, or what the viewer has just created or named. They need no path. */
const OWN: Record<string, string> = {
  'ChangePasswordPayload.viewer': 'the viewer',
  'ChangeUsernamePayload.user': 'the viewer',
  'LogInPayload.viewer': 'the viewer',
  'MarkActivityReadPayload.viewer': 'the viewer',
  'PublishPhotoPayload.photo': "the viewer's new photo",
  'RemoveAvatarPayload.user': 'the viewer',
  'RequestEmailVerificationPayload.viewer': 'the viewer',
  'SetAvatarPayload.viewer': 'the viewer',
  'FollowHashtagPayload.hashtag': 'the hashtag that the viewer names',
  'UnfollowHashtagPayload.hashtag': 'the hashtag that the viewer names',
  'Mutation.followHashtag': 'the hashtag that the viewer names',
  'Mutation.unfollowHashtag': 'the hashtag that the viewer names',
  'SetPrivacyPayload.user': 'the viewer',
  'SignUpPayload.viewer': 'the viewer',
  'UpdateProfilePayload.user': 'the viewer',
  'Mutation.changePassword': 'the viewer',
  'Mutation.changeUsername': 'the viewer',
  'Mutation.logIn': 'the viewer',
  'Mutation.markActivityRead': 'the viewer',
  'Mutation.publishPhoto': "the viewer's new photo",
  'Mutation.removeAvatar': 'the viewer',
  'Mutation.requestEmailVerification': 'the viewer',
  'Mutation.setAvatar': 'the viewer',
  'Mutation.setPrivacy': 'the viewer',
  'Mutation.signUp': 'the viewer',
  'Mutation.updateProfile': 'the viewer',
};

test('a path of the matrix selects every field of the schema that could reveal something', () => {
  const schema = readSchema();
  const documents = [
    ...[...QUERIES, ...sharedQueries(world)].map((path) => path.document),
    ...[...ATTEMPTS, ...FORBIDDEN, ...BLOCKS].map(documentOf),
    ...Object.values(SUBSCRIPTIONS),
    PROFILE_LISTS,
  ];
  const selected = new Set([...Object.keys(OWN), ...documents.flatMap((document) => [...fieldsIn(schema, document)])]);
  const needed = pathsOf(schema);
  expect(needed.filter((field) => !selected.has(field))).toEqual([]);
  expect(Object.keys(OWN).filter((field) => !needed.includes(field))).toEqual([]);
});

const PROFILE_LISTS = `query ($name: String!) { user(username: $name) {
  followers { nodes { username } } following { nodes { username } } photos { nodes { id } } } }`;

describe.each(TARGETS.map((target) => ({ target })))('$target', ({ target }) => {
  test.each(VIEWERS.map((viewer) => ({ viewer })))('$viewer', async ({ viewer }) => {
    const can = rules(viewer, target);
    const subject = world.subjects[target];
    const person = personOf(viewer, target);

    await Promise.all(
      QUERIES.map(async (path) => {
        const variables = path.variables?.(subject) ?? {};
        const answer = path.variables
          ? await query(person, path.document, variables)
          : await queryShared(viewer, target, path);
        const shown = path.shows(can, viewer, target);
        // An answer may repeat what the viewer sent, such as the username in a query.
        expectShown(path.name, answer, subject, path.needsSession && !can.hasSession ? {} : shown);
        if (!Object.values(shown).includes(true)) expectNoIds(path.name, answer, subject, variables);
        if (path.needsSession && !can.hasSession) expect(answer.errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
        else {
          expect([path.name, answer.errors]).toEqual([path.name, []]);
          path.check?.(answer.data as never, viewer, world);
        }
      }),
    );
    for (const path of sharedQueries(world)) {
      const answer = await queryShared(viewer, target, path);
      expectShown(
        path.name,
        answer,
        subject,
        path.name.includes('lists') && !can.hasSession ? {} : path.shows(can, viewer, target),
      );
      if (path.check && can.hasSession) path.check(answer.data as never, viewer, world);
      if (path.name.includes('moderators') && viewer !== 'moderator') {
        const code = can.hasSession ? 'FORBIDDEN' : 'UNAUTHENTICATED';
        expect(answer.errors.map((error) => error.extensions.code)).toEqual([code]);
      }
    }

    // The contents of the account: the lists of followers and following, whose people the viewer sees elsewhere.
    const { data } = (await query(person, PROFILE_LISTS, { name: subject.person.username })) as Answer<{
      user: Record<'followers' | 'following' | 'photos', { nodes: { username: string }[] }> | null;
    }>;
    expect(data?.user !== null).toBe(can.person);
    if (data?.user) {
      const following = data.user.following.nodes.map((node) => node.username);
      expect(following).toEqual(can.accountContents ? [world.bystander.username] : []);
      expect(data.user.followers.nodes.length > 0).toBe(can.accountContents);
    }

    // Mutations of something that the viewer may not see answer as if it did not exist.
    const may = { person: can.person, photo: can.photo, elsewhere: can.person };
    const refused = async (attempt: Attempt, codes: string[]) => {
      const input = attempt.input(subject);
      const answer = await query(person, documentOf(attempt), { input });
      const payload = answer.data?.[attempt.mutation] as { userErrors: { code: string }[] } | undefined;
      const found = payload
        ? payload.userErrors.map((error) => error.code)
        : answer.errors.map((error) => String(error.extensions.code));
      expect([attempt.mutation, found]).toEqual([attempt.mutation, codes]);
      expectShown(attempt.mutation, answer, subject, {});
      expectNoIds(attempt.mutation, answer, subject, input);
    };
    const blocked = viewer === 'blocking target' ? [] : BLOCKS;
    for (const attempt of [...ATTEMPTS, ...blocked].filter(({ target: what }) => !may[what])) {
      await refused(attempt, [can.hasSession ? 'NOT_FOUND' : 'UNAUTHENTICATED']);
    }
    if (viewer !== 'moderator') {
      for (const attempt of FORBIDDEN) await refused(attempt, [can.hasSession ? 'FORBIDDEN' : 'UNAUTHENTICATED']);
    }
    // A moderator sees a hidden photo, but may not like it or comment on it.
    if (viewer === 'moderator' && can.photo && !can.photoListed) {
      for (const attempt of ATTEMPTS.filter(({ mutation }) => ['likePhoto', 'addComment'].includes(mutation))) {
        await refused(attempt, ['NOT_FOUND']);
      }
    }

    await expectMedia(person, subject, can.photo, target);
    await expectPhotoChanged(person, subject, can);
    if (!can.accountContents) await expectNoUserPhotos(person, subject, can);
  });
});

async function loads(address: string): Promise<boolean> {
  const response = await fetch(address, { signal: AbortSignal.timeout(10_000) });
  await response.arrayBuffer();
  return response.ok;
}

/** Checks the file: a viewer who may see the photo gets a URL that works; an old URL works only for public photos. */
async function expectMedia(person: Person | null, subject: Subject, may: boolean, target: Target): Promise<void> {
  const { data } = (await query(
    person,
    'query ($id: ID!) { node(id: $id) { ... on Photo { image(size: WIDTH_320) { url expiresAt } } } }',
    { id: subject.photoId },
  )) as Answer<{ node: { image: { url: string; expiresAt: string | null } } | null }>;
  expect(data?.node !== null).toBe(may);
  const isPublic = target === 'public';
  expect(await loads(subject.keptUrl)).toBe(isPublic);
  if (!data?.node) return;
  const { url: imageUrl, expiresAt } = data.node.image;
  expect(await loads(imageUrl)).toBe(true);
  expect(expiresAt === null).toBe(isPublic);
  // Without its signature.
  expect(await loads(imageUrl.split('?', 1)[0] ?? '')).toBe(isPublic);
}

async function expectPhotoChanged(
  person: Person | null,
  subject: Subject,
  can: ReturnType<typeof rules>,
): Promise<void> {
  // The token of a suspended person is invalid, and the server would refuse the whole request.
  const token = can.hasSession && person ? { authorization: `Bearer ${person.token}` } : {};
  const subscription = await subscribe(url, SUBSCRIPTIONS.photo, { id: subject.photoId }, token);
  if (can.photo) {
    const shown = { person: true, name: true, bio: true, photo: true };
    expectShown('photo', await subscription.next(() => true), subject, shown);
  } else {
    const end = await subscription.ended;
    expect(end.errors?.[0]?.extensions?.code).toBe('NOT_FOUND');
    expectShown('photo', [end, subscription.events], subject, {});
  }
  subscription.close();
}

async function expectNoUserPhotos(
  person: Person | null,
  subject: Subject,
  can: ReturnType<typeof rules>,
): Promise<void> {
  const token = can.hasSession && person ? { authorization: `Bearer ${person.token}` } : {};
  const subscription = await subscribe(url, SUBSCRIPTIONS.userPhotos, { id: subject.person.id }, token);
  const end = await subscription.ended;
  expect(end.errors?.[0]?.extensions?.code).toBe('NOT_FOUND');
  expectShown('userPhotos', [end, subscription.events], subject, {});
}

describe('live', () => {
  const LIVE_TARGETS = ['public', 'private'] as const;
  const SUBSCRIBERS = VIEWERS.filter(
    (viewer) => !['anonymous', 'owner', 'suspended'].includes(viewer),
  ) as (keyof World['viewers'])[];

  test('new photos reach only subscribers whose home feed they belong in', async () => {
    const open = await openAll(SUBSCRIPTIONS.homeFeed, async () => {
      await insertPhoto(stores, rowId(world.fence.id), 'probe');
    });
    const marks = new Map<Target, string>();
    for (const target of LIVE_TARGETS) {
      const caption = `live caption of ${target} ${world.subjects[target].marks.photo} #${world.hashtag}`;
      marks.set(target, caption);
      await insertPhoto(stores, rowId(world.subjects[target].person.id), caption);
    }
    // Fanned out before the fence, so a photo that has not arrived before the fence never will.
    await untilFannedOut(
      stores,
      LIVE_TARGETS.map((target) => rowId(world.subjects[target].person.id)),
    );
    await insertPhoto(stores, rowId(world.fence.id), 'the fence');
    for (const viewer of SUBSCRIBERS) {
      await until(async () => JSON.stringify(open[viewer]?.events).includes('the fence'));
      for (const target of LIVE_TARGETS) {
        const arrived = JSON.stringify(open[viewer]?.events).includes(marks.get(target) ?? '?');
        expect([viewer, target, arrived]).toEqual([viewer, target, rules(viewer, target).inFeed]);
      }
      open[viewer]?.close();
    }
  });

  test('new photos with a hashtag reach only its subscribers who may see them', async () => {
    const name = `live${world.hashtag}`;
    const open = {} as Record<Viewer, Subscription<unknown>>;
    for (const viewer of SUBSCRIBERS) {
      open[viewer] = await world.viewers[viewer].subscribe(SUBSCRIPTIONS.hashtagPhotos, { name });
      await open[viewer].begun;
    }
    const markOf = (target: Target) => `on the page of its hashtag ${world.subjects[target].marks.photo}`;
    for (const target of LIVE_TARGETS) {
      await insertPhoto(stores, rowId(world.subjects[target].person.id), `${markOf(target)} #${name}`);
    }
    await untilFannedOut(
      stores,
      LIVE_TARGETS.map((target) => rowId(world.subjects[target].person.id)),
    );
    await insertPhoto(stores, rowId(world.fence.id), `the fence #${name}`);
    for (const viewer of SUBSCRIBERS) {
      await until(async () => JSON.stringify(open[viewer].events).includes('the fence'));
      for (const target of LIVE_TARGETS) {
        const arrived = JSON.stringify(open[viewer].events).includes(markOf(target));
        expect([viewer, target, arrived]).toEqual([viewer, target, rules(viewer, target).accountContents]);
      }
      open[viewer].close();
    }
  });

  test('new photos of a person reach subscribers of the profile who may see them', async () => {
    for (const target of LIVE_TARGETS) {
      const { person } = world.subjects[target];
      const allowed = SUBSCRIBERS.filter((viewer) => rules(viewer, target).accountContents);
      expect(allowed.length).toBeGreaterThan(2);
      const open = await Promise.all(
        allowed.map((viewer) => world.viewers[viewer].subscribe(SUBSCRIPTIONS.userPhotos, { id: person.id })),
      );
      await until(async () => {
        await insertPhoto(stores, rowId(person.id), 'for the profile');
        return open.every((subscription) => JSON.stringify(subscription.events).includes('for the profile'));
      });
      for (const subscription of open) subscription.close();
    }
  });

  test('new photos near a point reach only subscribers who may see them', async () => {
    const point = { latitude: Math.random() * 140 - 70, longitude: Math.random() * 360 - 180 };
    const open = await Promise.all(
      SUBSCRIBERS.map(async (viewer) => ({
        viewer,
        live: await world.viewers[viewer].subscribe(SUBSCRIPTIONS.photosNear, point),
      })),
    );
    await Promise.all(open.map(({ live }) => live.begun));
    for (const target of LIVE_TARGETS) {
      const { person, marks } = world.subjects[target];
      await insertPhoto(stores, rowId(person.id), `near ${marks.photo}`, point);
    }
    await untilFannedOut(
      stores,
      LIVE_TARGETS.map((target) => rowId(world.subjects[target].person.id)),
    );
    await insertPhoto(stores, rowId(world.fence.id), 'the fence', point);
    for (const { viewer, live } of open) {
      await until(async () => JSON.stringify(live.events).includes('the fence'));
      for (const target of LIVE_TARGETS) {
        const arrived = JSON.stringify(live.events).includes(`near ${world.subjects[target].marks.photo}`);
        expect([viewer, target, arrived]).toEqual([viewer, target, rules(viewer, target).accountContents]);
      }
      live.close();
    }
  });

  test('new comments on a photo reach only its subscribers who may see their authors', async () => {
    const { neutralPhotoId: photoId } = world;
    const open = {} as Record<Viewer, Subscription<unknown>>;
    for (const viewer of SUBSCRIBERS) {
      open[viewer] = await world.viewers[viewer].subscribe(SUBSCRIPTIONS.photo, { id: photoId });
    }
    const comment = (author: Person, text: string) => must(author, 'addComment', { photoId, text }, 'comment { id }');
    // The first event confirms that the server has subscribed.
    await until(async () => Object.values(open).every((subscription) => subscription.events.length > 0));
    for (const target of LIVE_TARGETS) {
      const { person, marks } = world.subjects[target];
      await comment(person, `live ${marks.elsewhere}`);
    }
    await until(async () => {
      const [row] = await stores.db.$queryRaw<[{ open: number }]>`
        select count(*)::int as open from graphile_worker._private_jobs
        where payload ->> 'photoId' = ${String(rowId(photoId))} and payload ->> 'commentId' is not null`;
      return row.open === 0;
    });
    await comment(world.fence, 'the fence');
    for (const viewer of SUBSCRIBERS) {
      await until(async () => JSON.stringify(open[viewer].events).includes('the fence'));
      for (const target of LIVE_TARGETS) {
        const arrived = JSON.stringify(open[viewer].events).includes(`live ${world.subjects[target].marks.elsewhere}`);
        expect([viewer, target, arrived]).toEqual([viewer, target, rules(viewer, target).personListed]);
      }
      open[viewer].close();
    }
  });

  test('activities reach only recipients who may be notified of them', async () => {
    const comment = (author: Person, viewer: keyof World['viewers'], text: string) =>
      author.send(
        'mutation ($input: AddCommentInput!) { addComment(input: $input) { comment { id } userErrors { code } } }',
        { input: { photoId: world.ownPhotos[viewer], text } },
      );
    const open = await openAll(SUBSCRIPTIONS.activity, async () => {
      for (const viewer of SUBSCRIBERS) await comment(world.fence, viewer, 'probe');
    });
    for (const viewer of SUBSCRIBERS) {
      for (const target of LIVE_TARGETS) {
        const { person, marks } = world.subjects[target];
        const { data } = await comment(person, viewer, `live ${marks.toViewer}`);
        // When one of the two blocks the other, the comment itself is refused.
        expect(JSON.stringify(data).includes('NOT_FOUND')).toBe(viewer.startsWith('block'));
      }
      await comment(world.fence, viewer, 'the fence');
    }
    for (const viewer of SUBSCRIBERS) {
      await until(async () => JSON.stringify(open[viewer]?.events).includes('the fence'));
      // Jobs publish the activities, in any order. When none is left for this viewer, all have been published.
      await until(async () => {
        const [row] = await stores.db.$queryRaw<[{ open: number }]>`
          select count(*)::int as open from graphile_worker._private_jobs
          where payload::text like ${`%"recipientId": "${rowId(world.viewers[viewer].id)}"%`}
            or payload::text like ${`%"recipientId":"${rowId(world.viewers[viewer].id)}"%`}`;
        return row.open === 0;
      });
      for (const target of LIVE_TARGETS) {
        const mark = `live ${world.subjects[target].marks.toViewer}`;
        const { isNotified } = rules(viewer, target);
        if (isNotified) await until(async () => JSON.stringify(open[viewer]?.events).includes(mark));
        expect([viewer, target, JSON.stringify(open[viewer]?.events).includes(mark)]).toEqual([
          viewer,
          target,
          isNotified,
        ]);
      }
      open[viewer]?.close();
    }
  });

  test('subscriptions need a session, and suspended people have none', async () => {
    for (const document of [SUBSCRIPTIONS.homeFeed, SUBSCRIPTIONS.activity]) {
      const anonymous = await subscribe(url, document);
      expect((await anonymous.ended).errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
      const suspended = await world.viewers.suspended.subscribe(document);
      expect((await suspended.ended).code).toBe(4403);
    }
    expect(await canLogIn(world.viewers.suspended)).toBe(false);
    expect(await canLogIn(world.subjects['deleted account'].person)).toBe(false);
    await must(world.viewers.follower, 'markActivityRead', { upTo: 'MA' }, 'viewer { unreadActivityCount }');
  });

  /**
   * Opens a subscription for each viewer and waits until each has received an event. The protocol does not say when the
   * server has subscribed, so it repeats `probe` until then.
   */
  async function openAll(document: string, probe: () => Promise<void>) {
    const open: Partial<Record<Viewer, Subscription<unknown>>> = {};
    for (const viewer of SUBSCRIBERS) open[viewer] = await world.viewers[viewer].subscribe(document);
    await until(async () => {
      await probe();
      return Object.values(open).every((subscription) => subscription.events.length > 0);
    });
    return open;
  }
});
