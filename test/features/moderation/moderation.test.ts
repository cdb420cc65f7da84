import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { setModerator } from '../../../src/features/moderation/actions.ts';
import { createReport as storeReport } from '../../../src/features/moderation/reports.ts';
import { lockPeople } from '../../../src/features/visibility/locks.ts';
import type { Stores } from '../../../src/stores/stores.ts';
import { attempt, mustSee, openBackstage, see, userErrorsOf } from '../../support/backstage.ts';
import { type Answer, send } from '../../support/client.ts';
import { newPerson, type Person, unique } from '../../support/people.ts';
import { insertFannedOut, rowId } from '../../support/rows.ts';
import { isLoggedIn, logIn, logInAgain } from '../../support/sessions.ts';
import { until } from '../../support/until.ts';
import { greet } from '../../support/wire.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores.close());

async function newModerator(): Promise<Person> {
  const person = await newPerson(url, 'moderator');
  await setModerator(stores, person.username, true, 'trusted');
  return person;
}

interface QueuedReport {
  id: string;
  subject: { __typename: string; id: string } | null;
  reporter: { id: string } | null;
  reason: string;
  details: string;
}

/** All reports in the queue about these subjects, oldest first, read in small pages. */
async function queueOf(moderator: Person, subjectIds: readonly string[]): Promise<QueuedReport[]> {
  const reports: QueuedReport[] = [];
  type Queue = {
    moderationQueue: { nodes: QueuedReport[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } };
  };
  for (let after: string | null = null, hasNextPage = true; hasNextPage; ) {
    const answer: Answer<Queue> = await moderator.send(
      `query ($after: String) { moderationQueue(first: 3, after: $after) {
        nodes { id reason details reporter { id } subject { __typename ... on Node { id } } }
        pageInfo { hasNextPage endCursor }
      } }`,
      { after },
    );
    expect(answer.errors).toEqual([]);
    const page: Queue['moderationQueue'] | undefined = answer.data?.moderationQueue;
    if (!page) throw new Error('moderationQueue has no data.');
    reports.push(...page.nodes.filter((node) => subjectIds.includes(node.subject?.id ?? '')));
    ({ hasNextPage, endCursor: after } = page.pageInfo);
  }
  return reports;
}

interface LoggedAction {
  kind: string;
  why: string;
  moderator: { id: string } | null;
  user: { id: string } | null;
  photo: { id: string } | null;
}

/** The logged actions with a reason that only one test uses. */
async function logOf(moderator: Person, why: string): Promise<LoggedAction[]> {
  const { data } = await moderator.send<{ moderationLog: { nodes: LoggedAction[] } }>(
    '{ moderationLog(first: 100) { nodes { kind why moderator { id } user { id } photo { id } } } }',
  );
  return data?.moderationLog.nodes.filter((action) => action.why === why) ?? [];
}

function report(person: Person, subjectId: string, more: object = {}) {
  return attempt(person, 'report', { subjectId, reason: 'SPAM', ...more }, 'reported');
}

async function comment(person: Person, photoId: string, text: string): Promise<string> {
  const { comment: created } = await attempt<{ comment: { id: string } }>(
    person,
    'addComment',
    { photoId, text },
    'comment { id }',
  );
  return created.id;
}

describe('reports', () => {
  test('of a photo, a comment and a person reach the queue in order and without duplicates', async () => {
    const [moderator, owner, reporter, other] = await Promise.all([
      newModerator(),
      ...[1, 2, 3].map(() => newPerson(url)),
    ]);
    if (!owner || !reporter || !other) throw new Error('unreachable');
    const photo = await insertFannedOut(stores, owner);
    const text = await comment(owner, photo, 'Buy this!');
    for (const subject of [photo, text, owner.id]) {
      const answers = await Promise.all([1, 2, 3].map(() => report(reporter, subject, { details: 'look' })));
      for (const answer of answers) expect(answer).toEqual({ reported: true, userErrors: [] });
    }
    await report(other, photo, { reason: 'HATE' });
    const queue = await queueOf(moderator, [photo, text, owner.id]);
    expect(
      queue.map(({ subject, reporter: by, reason }) => [subject?.__typename, subject?.id, by?.id, reason]),
    ).toEqual([
      ['Photo', photo, reporter.id, 'SPAM'],
      ['Comment', text, reporter.id, 'SPAM'],
      ['User', owner.id, reporter.id, 'SPAM'],
      ['Photo', photo, other.id, 'HATE'],
    ]);
    const { data } = await moderator.send('query ($id: ID!) { node(id: $id) { ... on Report { details } } }', {
      id: queue[0]?.id,
    });
    expect(data).toEqual({ node: { details: 'look' } });
    const stranger = await other.send('query ($id: ID!) { node(id: $id) { id } }', { id: queue[0]?.id });
    expect(stranger.data).toEqual({ node: null });
  });

  test('of invisible subjects, of oneself or of invalid ids are refused', async () => {
    const [owner, stranger] = await Promise.all([newPerson(url), newPerson(url)]);
    await attempt(owner, 'setPrivacy', { isPrivate: true }, 'user { id }');
    const photo = await insertFannedOut(stores, owner);
    const text = await comment(owner, photo, 'private');
    for (const subject of [photo, text])
      expect(userErrorsOf(await report(stranger, subject))).toEqual(['NOT_FOUND subjectId']);
    for (const subject of [photo, text, owner.id])
      expect(userErrorsOf(await report(owner, subject))).toEqual(['SELF subjectId']);
    const long = await report(stranger, owner.id, { details: 'x'.repeat(1_001) });
    expect(userErrorsOf(long)).toEqual(['TOO_LONG details']);
    const { errors } = await stranger.send(
      'mutation { report(input: { subjectId: "nonsense", reason: SPAM }) { userErrors { code } } }',
    );
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  test('can be dismissed by a moderator, and the subject can be reported again', async () => {
    const [moderator, owner, reporter] = await Promise.all([newModerator(), newPerson(url), newPerson(url)]);
    const photo = await insertFannedOut(stores, owner);
    await report(reporter, photo);
    const why = unique();
    const dismiss = () =>
      attempt<{ dismissedCount: number }>(moderator, 'dismissReports', { subjectId: photo, why }, 'dismissedCount');
    expect((await dismiss()).dismissedCount).toBe(1);
    expect((await dismiss()).dismissedCount).toBe(0);
    expect(await logOf(moderator, why)).toMatchObject([{ kind: 'DISMISS_REPORTS', moderator: { id: moderator.id } }]);
    expect(await queueOf(moderator, [photo])).toEqual([]);
    await report(reporter, photo);
    expect(await queueOf(moderator, [photo])).toHaveLength(1);
  });

  test('of a comment are deleted when its author deletes it', async () => {
    const [owner, author] = await Promise.all([newPerson(url), newPerson(url)]);
    const photo = await insertFannedOut(stores, owner);
    const text = await comment(author, photo, 'Rude.');
    await report(owner, text);
    await attempt(author, 'deleteComment', { commentId: text }, 'deletedCommentId');
    expect(await stores.db.report.count({ where: { commentId: rowId(text) } })).toBe(0);
  });

  test('do not show a reporter who has been hidden since', async () => {
    const [moderator, owner, reporter] = await Promise.all([newModerator(), newPerson(url), newPerson(url)]);
    await report(reporter, owner.id);
    await attempt(moderator, 'suspendUser', { userId: reporter.id, why: unique() }, 'user { id }');
    expect((await queueOf(moderator, [owner.id])).map(({ reporter: by }) => by)).toEqual([null]);
  });

  test('wait for a block between the same people without holding a lock that it needs', async () => {
    // People are locked in the order of their ids, so the reported person is locked first.
    const subject = await newPerson(url);
    const reporter = await newPerson(url);
    const [subjectId, reporterId] = [rowId(subject.id), rowId(reporter.id)];
    let reported: Promise<void> | undefined;
    await stores.db.$transaction(
      async (tx) => {
        await lockPeople(tx, [subjectId], 'exclusive');
        const [own] = await tx.$queryRaw<[{ pid: number }]>`select pg_backend_pid() as pid`;
        reported = storeReport(stores, reporterId, { userId: subjectId, photoId: null, commentId: null }, 'SPAM', '');
        reported.catch(() => {});
        await until(async () => {
          const waiting = await stores.db.$queryRaw<object[]>`
            select from pg_stat_activity where ${own.pid} = any(pg_blocking_pids(pid))`;
          return waiting.length > 0;
        });
        await lockPeople(tx, [reporterId], 'exclusive');
      },
      { timeout: 30_000 },
    );
    await reported;
    expect(await stores.db.report.count({ where: { reporterId } })).toBe(1);
  });
});

describe('moderators', () => {
  test('hide a photo from everybody but its owner and moderators, and restore it', async () => {
    const [moderator, owner, follower] = await Promise.all([newModerator(), newPerson(url), newPerson(url)]);
    await follower.follow(owner);
    const photo = await insertFannedOut(stores, owner, 'a caption');
    const before = await mustSee(follower, photo);
    await report(follower, photo);
    const why = unique();
    const moderate = (name: string) =>
      attempt<{ photo: object }>(moderator, name, { photoId: photo, why }, 'photo { id isHidden }');
    const answers = await Promise.all([moderate('hidePhoto'), moderate('hidePhoto')]);
    for (const answer of answers) expect(answer).toEqual({ photo: { id: photo, isHidden: true }, userErrors: [] });
    expect(await queueOf(moderator, [photo])).toEqual([]);

    expect(await see(follower, photo)).toBeNull();
    const seen = await follower.send<{ homeFeed: object; user: { photos: object; photoCount: number } }>(
      'query ($name: String!) { homeFeed { nodes { id } } user(username: $name) { photos { nodes { id } } } }',
      { name: owner.username },
    );
    expect(seen.data).toEqual({ homeFeed: { nodes: [] }, user: { photos: { nodes: [] } } });
    expect(userErrorsOf(await attempt(follower, 'likePhoto', { photoId: photo }, 'photo { id }'))).toEqual([
      'NOT_FOUND photoId',
    ]);
    for (const person of [owner, moderator]) {
      const { data } = await person.send('query ($id: ID!) { node(id: $id) { ... on Photo { isHidden caption } } }', {
        id: photo,
      });
      expect(data).toEqual({ node: { isHidden: true, caption: 'a caption' } });
    }
    const count = async () => {
      const { data } = await follower.send<{ user: { photoCount: number } }>(
        'query ($name: String!) { user(username: $name) { photoCount } }',
        { name: owner.username },
      );
      return data?.user.photoCount;
    };
    await until(async () => (await count()) === 0);
    await until(async () => !(await fetch(before.w640?.url ?? '')).ok);

    for (let n = 0; n < 2; n++) {
      expect(await moderate('restorePhoto')).toEqual({ photo: { id: photo, isHidden: false }, userErrors: [] });
    }
    expect(await see(follower, photo)).not.toBeNull();
    await until(async () => (await count()) === 1);
    expect((await logOf(moderator, why)).map(({ kind, photo: of, user }) => [kind, of?.id, user?.id])).toEqual([
      ['RESTORE_PHOTO', photo, owner.id],
      ['HIDE_PHOTO', photo, owner.id],
    ]);
  });

  test('suspend an account: it is hidden, logged out everywhere and cannot log in until it is restored', async () => {
    const [moderator, person, other] = await Promise.all([newModerator(), newPerson(url), newPerson(url)]);
    const photo = await insertFannedOut(stores, person);
    const socket = await greet(url, person.token);
    await report(other, person.id);
    const why = unique();
    const moderate = (name: string) => attempt(moderator, name, { userId: person.id, why }, 'user { id }');
    expect(await moderate('suspendUser')).toEqual({ user: { id: person.id }, userErrors: [] });
    await Promise.all([moderate('suspendUser'), moderate('suspendUser')]);
    expect(await socket.closed).toBe(4403);
    expect(await isLoggedIn(person)).toBe(false);
    const refused = await logIn(person.username, person.password);
    expect(refused.data?.logIn).toMatchObject({ token: null, userErrors: [{ code: 'SUSPENDED' }] });
    expect(await see(other, photo)).toBeNull();
    expect(await queueOf(moderator, [person.id])).toEqual([]);

    expect(await moderate('restoreUser')).toEqual({ user: { id: person.id }, userErrors: [] });
    expect((await logIn(person.username, person.password)).data?.logIn.token).toEqual(expect.any(String));
    expect(await see(other, photo)).not.toBeNull();
    expect((await logOf(moderator, why)).map((action) => action.kind)).toEqual(['RESTORE_USER', 'SUSPEND_USER']);
    const again = await logInAgain(person);
    expect(await moderate('restoreUser')).toEqual({ user: { id: person.id }, userErrors: [] });
    expect(await isLoggedIn(again)).toBe(true);
    expect(await logOf(moderator, why)).toHaveLength(2);
    const self = await attempt(moderator, 'suspendUser', { userId: moderator.id, why }, 'user { id }');
    expect(userErrorsOf(self)).toEqual(['SELF userId']);
  });

  test('delete a comment', async () => {
    const [moderator, owner, author] = await Promise.all([newModerator(), newPerson(url), newPerson(url)]);
    const photo = await insertFannedOut(stores, owner);
    const text = await comment(author, photo, 'Rude.');
    await report(owner, text);
    const why = unique();
    const activities = () => stores.db.activity.count({ where: { photoId: rowId(photo), commentId: rowId(text) } });
    expect(await activities()).toBe(1);
    const remove = () => attempt(moderator, 'removeComment', { commentId: text, why }, 'removedCommentId');
    // The later of two concurrent calls may find the comment or not.
    const answers = await Promise.all([remove(), remove()]);
    expect(answers).toContainEqual({ removedCommentId: text, userErrors: [] });
    expect(userErrorsOf(await remove())).toEqual(['NOT_FOUND commentId']);
    expect(await activities()).toBe(0);
    expect(await queueOf(moderator, [text])).toEqual([]);
    await until(async () => (await mustSee(owner, photo)).commentCount === 0);
    expect(await logOf(moderator, why)).toMatchObject([
      { kind: 'REMOVE_COMMENT', user: { id: author.id }, photo: { id: photo } },
    ]);
  });

  test('see private photos only if reported, even if blocked by the owner, and cannot interact with them', async () => {
    const [moderator, owner, follower] = await Promise.all([newModerator(), newPerson(url), newPerson(url)]);
    await follower.follow(owner);
    await attempt(owner, 'setPrivacy', { isPrivate: true }, 'user { id }');
    await attempt(owner, 'block', { userId: moderator.id }, 'user { id }');
    const [photo, other] = [await insertFannedOut(stores, owner), await insertFannedOut(stores, owner)];
    expect(await see(moderator, photo)).toBeNull();
    await report(follower, photo);
    expect(await see(moderator, photo)).not.toBeNull();
    expect(await see(moderator, other)).toBeNull();
    expect(userErrorsOf(await attempt(moderator, 'likePhoto', { photoId: photo }, 'photo { id }'))).toEqual([
      'NOT_FOUND photoId',
    ]);
    const { data } = await moderator.send(
      'query ($name: String!) { user(username: $name) { photos { nodes { id } } } }',
      {
        name: owner.username,
      },
    );
    expect(data).toEqual({ user: { photos: { nodes: [] } } });
  });

  test('read the moderation log in pages, newest first', async () => {
    const [moderator, owner] = await Promise.all([newModerator(), newPerson(url)]);
    const reasons = [unique(), unique(), unique()];
    for (const [index, why] of reasons.entries()) {
      const name = index % 2 === 0 ? 'suspendUser' : 'restoreUser';
      await attempt(moderator, name, { userId: owner.id, why }, 'user { id }');
    }
    type Log = { moderationLog: { nodes: LoggedAction[]; pageInfo: { endCursor: string; hasNextPage: boolean } } };
    const logged: string[] = [];
    for (let after: string | null = null; logged.length < reasons.length; ) {
      const { data }: Answer<Log> = await moderator.send(
        `query ($after: String) { moderationLog(first: 1, after: $after) {
          nodes { why } pageInfo { endCursor hasNextPage }
        } }`,
        { after },
      );
      const page: Log['moderationLog'] | undefined = data?.moderationLog;
      expect(page?.pageInfo.hasNextPage).toBe(true);
      logged.push(...(page?.nodes ?? []).map((action) => action.why).filter((why) => reasons.includes(why)));
      after = page?.pageInfo.endCursor ?? null;
    }
    expect(logged).toEqual(reasons.toReversed());
  });

  test('must give a valid reason', async () => {
    const [moderator, owner] = await Promise.all([newModerator(), newPerson(url)]);
    const photo = await insertFannedOut(stores, owner);
    for (const [why, userError] of [
      ['  ', 'TOO_SHORT why'],
      ['x'.repeat(1_001), 'TOO_LONG why'],
    ]) {
      for (const [name, input, selection] of [
        ['hidePhoto', { photoId: photo }, 'photo { id }'],
        ['suspendUser', { userId: owner.id }, 'user { id }'],
        ['dismissReports', { subjectId: photo }, 'dismissedCount'],
      ] as const) {
        expect(userErrorsOf(await attempt(moderator, name, { ...input, why }, selection))).toEqual([userError]);
      }
    }
    expect(await see(owner, photo)).not.toBeNull();
  });

  test('are appointed and dismissed by the operator, with immediate effect', async () => {
    const [person, owner] = await Promise.all([newPerson(url), newPerson(url)]);
    const photo = await insertFannedOut(stores, owner);
    const text = await comment(owner, photo, 'mine');
    const why = unique();
    const codes = async (viewer: Pick<Person, 'send'>) => {
      const operations = [
        '{ moderationQueue { nodes { id } } }',
        '{ moderationLog { nodes { kind } } }',
        `mutation { hidePhoto(input: { photoId: "${photo}", why: "${why}" }) { userErrors { code } } }`,
        `mutation { restorePhoto(input: { photoId: "${photo}", why: "${why}" }) { userErrors { code } } }`,
        `mutation { removeComment(input: { commentId: "${text}", why: "${why}" }) { userErrors { code } } }`,
        `mutation { suspendUser(input: { userId: "${owner.id}", why: "${why}" }) { userErrors { code } } }`,
        `mutation { restoreUser(input: { userId: "${owner.id}", why: "${why}" }) { userErrors { code } } }`,
        `mutation { dismissReports(input: { subjectId: "${photo}", why: "${why}" }) { userErrors { code } } }`,
      ];
      const answers = await Promise.all(operations.map((operation) => viewer.send(operation)));
      return [...new Set(answers.map(({ errors }) => errors[0]?.extensions.code))];
    };
    expect(await codes({ send: (query) => send(url, query) as never })).toEqual(['UNAUTHENTICATED']);
    expect(await codes(person)).toEqual(['FORBIDDEN']);
    expect(await see(owner, photo)).toMatchObject({ id: photo });
    await setModerator(stores, person.username.toUpperCase(), true, why);
    expect(await logOf(person, why)).toEqual([
      { kind: 'MAKE_MODERATOR', why, moderator: null, user: { id: person.id }, photo: null },
    ]);
    const { data } = await person.send('{ me { isModerator } }');
    expect(data).toEqual({ me: { isModerator: true } });
    await attempt(person, 'hidePhoto', { photoId: photo, why: unique() }, 'photo { id }');
    expect(await see(person, photo)).not.toBeNull();
    await setModerator(stores, person.username, false, why);
    expect(await codes(person)).toEqual(['FORBIDDEN']);
    expect(await see(person, photo)).toBeNull();
    await expect(setModerator(stores, 'nobody.at.all.here', true, why)).rejects.toThrow('nobody');
    expect(await stores.db.moderationAction.count({ where: { userId: rowId(person.id) } })).toBe(2);
  });
});
