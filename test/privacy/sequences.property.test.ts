/**
 * After any sequence of actions of a few people, all counts are exact, and every path shows what the rules allow, no
 * more and no less.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { fanOut } from '../../src/features/feed/fan-out.ts';
import { setModerator } from '../../src/features/moderation/actions.ts';
import { toGlobalId } from '../../src/stores/ids.ts';
import type { Stores } from '../../src/stores/stores.ts';
import { attempt, openBackstage } from '../support/backstage.ts';
import { type Answer, send } from '../support/client.ts';
import { newHashtag, photosWith, setHashtagFollow } from '../support/hashtags.ts';
import { newPerson, type Person } from '../support/people.ts';
import { insertPhoto, rowId, untilFolded } from '../support/rows.ts';
import { logInAgain } from '../support/sessions.ts';
import { until } from '../support/until.ts';
import { COLLECTOR, Model, type ModelPhoto } from './model.ts';

const url = inject('url');
let stores: Stores;
let judge: Person;
beforeAll(async () => {
  stores = await openBackstage();
  judge = await newPerson(url, 'judge');
  await setModerator(stores, judge.username, true, 'for a test');
});
afterAll(() => stores?.close());

const PEOPLE = 4;
const person = fc.nat(PEOPLE - 1);
const two = { a: person, b: person };
const onPhoto = { a: person, which: fc.nat(20) };

/** One kind of command, with its weight among all kinds. */
function step<Name extends string, Key extends string>(
  weight: number,
  name: Name,
  rest: Record<Key, fc.Arbitrary<number>>,
) {
  const arbitrary = fc.record({ do: fc.constant(name), ...rest }) as unknown as fc.Arbitrary<
    { do: Name } & Record<Key, number>
  >;
  return { weight, arbitrary };
}
const command = fc.oneof(
  step(6, 'follow', two),
  step(2, 'unfollow', two),
  step(1, 'withdrawFollowRequest', two),
  step(3, 'approveFollowRequest', two),
  step(1, 'declineFollowRequest', two),
  step(1, 'removeFollower', two),
  step(2, 'block', two),
  step(2, 'unblock', two),
  step(2, 'mute', two),
  step(1, 'unmute', two),
  step(2, 'goPrivate', { a: person }),
  step(2, 'goPublic', { a: person }),
  step(5, 'publish', { a: person }),
  step(1, 'deletePhoto', onPhoto),
  step(5, 'like', onPhoto),
  step(2, 'unlike', onPhoto),
  step(4, 'comment', onPhoto),
  step(1, 'deleteComment', onPhoto),
  step(1, 'hidePhoto', { which: fc.nat(20) }),
  step(1, 'restorePhoto', { which: fc.nat(20) }),
  step(1, 'suspend', { a: person }),
  step(2, 'restore', { a: person }),
  step(1, 'deactivate', { a: person }),
  step(2, 'reactivate', { a: person }),
);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

/** One run: its people, and the model of them. */
class Scenario {
  readonly model = new Model();
  readonly people: Person[];
  /** The hashtag of all photos. */
  readonly hashtag = newHashtag();

  constructor(people: Person[]) {
    this.people = people;
  }

  at(index: number): Person {
    const found = this.people[index];
    if (!found) throw new Error('unreachable');
    return found;
  }

  indexOf(id: string): number {
    return this.people.findIndex((person) => person.id === id);
  }

  /** Sends a mutation, and checks that it succeeds or, when the rules do not allow it, is NOT_FOUND. */
  async do<T extends object = object>(
    actor: Person,
    name: string,
    input: object,
    selection: string,
    isAllowed = true,
  ): Promise<Partial<T>> {
    const payload = await attempt<Partial<T>>(actor, name, input, selection);
    const codes = payload.userErrors.map((error) => error.code);
    expect([name, input, codes]).toEqual([name, input, isAllowed ? [] : ['NOT_FOUND']]);
    return payload;
  }

  async run(step: Command): Promise<void> {
    const { model } = this;
    if ('a' in step && model.isGone(step.a) && !['restore', 'reactivate', 'suspend'].includes(step.do)) return;
    const photo: ModelPhoto | undefined =
      'which' in step && model.photos.length > 0 ? model.photos[step.which % model.photos.length] : undefined;
    switch (step.do) {
      case 'follow':
      case 'unfollow':
      case 'withdrawFollowRequest':
      case 'approveFollowRequest':
      case 'declineFollowRequest':
      case 'removeFollower':
      case 'block':
      case 'unblock':
      case 'mute':
      case 'unmute':
        if (step.a !== step.b) await this.relate(step.do, step.a, step.b);
        return;
      case 'goPrivate':
        await this.do(this.at(step.a), 'setPrivacy', { isPrivate: true }, 'user { id }');
        model.isPrivate.add(step.a);
        return;
      case 'goPublic':
        await this.do(this.at(step.a), 'setPrivacy', { isPrivate: false }, 'user { id }');
        model.goPublic(step.a);
        await until(
          async () => (await stores.db.followRequest.count({ where: { targetId: rowId(this.at(step.a).id) } })) === 0,
        );
        return;
      case 'publish': {
        const { photoId } = await insertPhoto(stores, rowId(this.at(step.a).id), `#${this.hashtag}`);
        await fanOut(stores, photoId);
        model.photos.push({ id: toGlobalId('Photo', photoId), owner: step.a, isHidden: false, likes: new Set() });
        return;
      }
      case 'suspend':
        // Moderators do not see deactivated people, so they cannot suspend them.
        if (model.deactivated.has(step.a) && !model.suspended.has(step.a)) return;
        await this.do(judge, 'suspendUser', { userId: this.at(step.a).id, why: 'test' }, 'user { id }');
        model.suspended.add(step.a);
        return;
      case 'restore':
        if (!model.suspended.has(step.a)) return;
        await this.do(judge, 'restoreUser', { userId: this.at(step.a).id, why: 'test' }, 'user { id }');
        model.suspended.delete(step.a);
        if (!model.deactivated.has(step.a)) this.people[step.a] = await logInAgain(this.at(step.a));
        return;
      case 'deactivate':
        await this.do(this.at(step.a), 'deactivateAccount', { password: this.at(step.a).password }, 'deletedAfter');
        model.deactivated.add(step.a);
        return;
      case 'reactivate':
        if (!model.deactivated.has(step.a) || model.suspended.has(step.a)) return;
        this.people[step.a] = await logInAgain(this.at(step.a));
        model.deactivated.delete(step.a);
        return;
      default:
        if (photo) await this.act(step, photo);
    }
  }

  async relate(name: string, a: number, b: number): Promise<void> {
    const { model } = this;
    const pair = `${a}>${b}`;
    const back = `${b}>${a}`;
    const isRequest = name === 'approveFollowRequest' || name === 'declineFollowRequest';
    const sees = model.seesPerson(a, b);
    const may =
      name === 'block' || name === 'unblock'
        ? sees || model.blocks.has(pair)
        : sees && (!isRequest || model.requests.has(back));
    await this.do(this.at(a), name, { userId: this.at(b).id }, 'user { id }', may);
    if (!may) return;
    if (name === 'follow') model.follow(a, b);
    else if (name === 'unfollow') model.follows.delete(pair);
    else if (name === 'withdrawFollowRequest') model.requests.delete(pair);
    else if (name === 'approveFollowRequest') model.approve(a, b);
    else if (name === 'declineFollowRequest') model.requests.delete(back);
    else if (name === 'removeFollower') model.follows.delete(back);
    else if (name === 'block') model.block(a, b);
    else if (name === 'unblock') model.blocks.delete(pair);
    else if (name === 'mute') model.mutes.add(pair);
    else model.mutes.delete(pair);
  }

  async act(step: Command, photo: ModelPhoto): Promise<void> {
    const { model } = this;
    const { id: photoId } = photo;
    if (step.do === 'hidePhoto' || step.do === 'restorePhoto') {
      // Unless the photo is hidden, a moderator has no more rights to see it than a viewer without a session.
      const may = photo.isHidden || model.seesPhoto(-1, photo);
      await this.do(judge, step.do, { photoId, why: 'test' }, 'photo { id }', may);
      if (may) photo.isHidden = step.do === 'hidePhoto';
      return;
    }
    if (!('a' in step)) return;
    const actor = this.at(step.a);
    const sees = model.seesPhoto(step.a, photo);
    if (step.do === 'deletePhoto') {
      await this.do(actor, 'deletePhoto', { photoId }, 'deletedPhotoId', photo.owner === step.a);
      if (photo.owner === step.a) model.deletePhoto(photo);
    } else if (step.do === 'like') {
      await this.do(actor, 'likePhoto', { photoId }, 'photo { id }', sees);
      if (sees) model.like(step.a, photo);
    } else if (step.do === 'unlike') {
      await this.do(actor, 'unlikePhoto', { photoId }, 'photo { id }', sees);
      if (sees) photo.likes.delete(step.a);
    } else if (step.do === 'comment') {
      const input = { photoId, text: 'a comment' };
      const { comment } = await this.do<{ comment: { id: string } | null }>(
        actor,
        'addComment',
        input,
        'comment { id }',
        sees,
      );
      if (comment) model.comments.push({ id: comment.id, photo, author: step.a });
    } else if (step.do === 'deleteComment' && 'which' in step && model.comments.length > 0) {
      const comment = model.comments[step.which % model.comments.length];
      if (!comment) return;
      const may = comment.author === step.a || comment.photo.owner === step.a;
      await this.do(actor, 'deleteComment', { commentId: comment.id }, 'deletedCommentId', may);
      if (may) model.comments = model.comments.filter((other) => other !== comment);
    }
  }

  /** Compares everything that each viewer sees with the model. */
  async check(): Promise<void> {
    await untilFolded(stores, this.people);
    await expectExactCounts(this.people);
    const viewers = [-1, ...this.people.keys()].filter((viewer) => viewer < 0 || !this.model.isGone(viewer));
    for (const viewer of viewers) await this.checkViewer(viewer);
  }

  async checkViewer(viewer: number): Promise<void> {
    const { model } = this;
    for (const target of this.people.keys()) await this.checkProfile(viewer, target);
    for (const photo of model.photos) await this.checkPhoto(viewer, photo);
    const seen = model.photos.filter((photo) => model.seesPhoto(viewer, photo)).map((photo) => photo.id);
    expect(await photosWith(url, viewer < 0 ? null : this.at(viewer), this.hashtag)).toEqual(seen.reverse());
    if (viewer < 0) return;
    expect(await this.readAll(viewer, 'homeFeed', '', 2)).toEqual(model.feed(viewer));
    const { data, errors } = await this.at(viewer).send<{
      activity: { nodes: SeenActivity[] };
      me: Record<'blockedUsers' | 'mutedUsers' | 'followRequests' | 'sentFollowRequests', Nodes>;
    }>(`{ activity(first: 100) { nodes { kind actorCount actors { id } photo { id } comment { id } } }
      me { blockedUsers { nodes { id } } mutedUsers { nodes { id } }
        followRequests { nodes { id } } sentFollowRequests { nodes { id } } } }`);
    expect(errors).toEqual([]);
    expect(data?.activity.nodes.map((activity) => this.describe(activity)).sort()).toEqual(model.activity(viewer));
    const blocked = [...this.people.keys()].filter(
      (other) => model.blocks.has(`${viewer}>${other}`) && !model.isGone(other),
    );
    expect(this.indexesOf(data?.me.blockedUsers)).toEqual(blocked);
    expect(this.indexesOf(data?.me.mutedUsers)).toEqual(model.listed(viewer, model.mutes, 'from', viewer).sort());
    expect(this.indexesOf(data?.me.followRequests)).toEqual(model.listed(viewer, model.requests, 'to', viewer).sort());
    expect(this.indexesOf(data?.me.sentFollowRequests)).toEqual(
      model.listed(viewer, model.requests, 'from', viewer).sort(),
    );
  }

  async checkProfile(viewer: number, target: number): Promise<void> {
    const { model } = this;
    const { data, errors } = await this.query<{ user: Profile | null; node: { id: string } | null }>(
      viewer,
      `query ($name: String!, $id: ID!) { node(id: $id) { id } user(username: $name) {
        id photoCount followerCount followingCount isPrivate
        viewerFollows followsViewer viewerRequested requestedViewer isBlockedByViewer isMutedByViewer } }`,
      { name: this.at(target).username, id: this.at(target).id },
    );
    expect(errors).toEqual([]);
    if (!model.seesPerson(viewer, target)) {
      expect([viewer, target, data]).toEqual([viewer, target, { user: null, node: null }]);
      return;
    }
    const followers = model.listed(viewer, model.follows, 'to', target);
    const following = model.listed(viewer, model.follows, 'from', target);
    const photos = model.photos.filter((photo) => photo.owner === target);
    const has = (pairs: Set<string>, from: number, to: number) => pairs.has(`${from}>${to}`);
    expect([viewer, target, data?.user]).toEqual([
      viewer,
      target,
      {
        id: this.at(target).id,
        photoCount: photos.filter((photo) => !photo.isHidden).length,
        followerCount: followers.length,
        followingCount: following.length,
        viewerFollows: has(model.follows, viewer, target),
        followsViewer: has(model.follows, target, viewer),
        viewerRequested: has(model.requests, viewer, target),
        requestedViewer: has(model.requests, target, viewer),
        isBlockedByViewer: false,
        isMutedByViewer: has(model.mutes, viewer, target),
        isPrivate: model.isPrivate.has(target),
      },
    ]);
    const seesContents = model.seesAccountContents(viewer, target);
    const read = (list: string) => this.readAll(viewer, list, this.at(target).id, 2);
    expect((await read('followers')).map((id) => this.indexOf(id))).toEqual(seesContents ? followers.reverse() : []);
    expect((await read('following')).map((id) => this.indexOf(id))).toEqual(seesContents ? following.reverse() : []);
    const seen = photos.filter((photo) => model.seesPhoto(viewer, photo));
    expect(await read('photos')).toEqual(seesContents ? seen.map((photo) => photo.id).reverse() : []);
  }

  async checkPhoto(viewer: number, photo: ModelPhoto): Promise<void> {
    const { model } = this;
    const { data, errors } = await this.query<{ node: SeenPhoto | null }>(
      viewer,
      `query ($id: ID!) { node(id: $id) { ... on Photo { isHidden likeCount commentCount viewerHasLiked
        likers { nodes { id } } comments { nodes { id author { id } } } } } }`,
      { id: photo.id },
    );
    expect(errors).toEqual([]);
    if (!model.seesPhoto(viewer, photo)) {
      expect([viewer, photo.owner, data]).toEqual([viewer, photo.owner, { node: null }]);
      return;
    }
    const likers = [...photo.likes].filter((liker) => model.seesPerson(viewer, liker));
    const comments = model.comments.filter(
      (comment) => comment.photo === photo && model.seesPerson(viewer, comment.author),
    );
    expect([viewer, data?.node]).toEqual([
      viewer,
      {
        isHidden: photo.isHidden,
        likeCount: likers.length,
        commentCount: comments.length,
        viewerHasLiked: photo.likes.has(viewer),
        likers: { nodes: likers.map((liker) => ({ id: this.at(liker).id })).reverse() },
        comments: { nodes: comments.map(({ id, author }) => ({ id, author: { id: this.at(author).id } })).reverse() },
      },
    ]);
  }

  query<T>(viewer: number, query: string, variables: object): Promise<Answer<T>> {
    return viewer < 0 ? send<T>(url, query, variables) : this.at(viewer).send<T>(query, variables);
  }

  /** Reads a list in pages of `first`, and checks that all but the last are full. */
  async readAll(viewer: number, list: string, ownerId: string, first: number): Promise<string[]> {
    const ids: string[] = [];
    for (let after: string | null = null, hasNextPage = true; hasNextPage; ) {
      const page = `${list}(first: $first, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } }`;
      const query: string = ownerId
        ? `query ($id: ID!, $first: Int!, $after: String) { root: node(id: $id) { ... on User { ${page} } } }`
        : `query ($first: Int!, $after: String) { ${page} }`;
      const { data, errors }: Answer<Record<string, never>> = await this.query(viewer, query, {
        id: ownerId,
        first,
        after,
      });
      expect(errors).toEqual([]);
      const root = (ownerId ? (data?.root as never) : data) as Record<
        string,
        Nodes & { pageInfo: { hasNextPage: boolean; endCursor: string | null } }
      >;
      const { nodes, pageInfo } = root[list] ?? { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } };
      ids.push(...nodes.map((node) => node.id));
      if (pageInfo.hasNextPage) expect(nodes).toHaveLength(first);
      ({ hasNextPage, endCursor: after } = pageInfo);
    }
    return ids;
  }

  indexesOf(list: Nodes | undefined): number[] {
    return list?.nodes.map((node) => this.indexOf(node.id)).sort() ?? [];
  }

  /** An activity in the form of `Model.activity`. */
  describe({ kind, actorCount, actors, photo, comment }: SeenActivity): string {
    expect(actors).toHaveLength(Math.min(3, actorCount));
    if (kind === 'LIKE') return `LIKE ${photo?.id} ${actorCount}`;
    if (kind === 'COMMENT') return `COMMENT ${comment?.id}`;
    return kind === 'FOLLOW' ? `FOLLOW ${actorCount}` : `${kind} ${this.indexOf(actors[0]?.id ?? '')}`;
  }
}

interface Nodes {
  nodes: { id: string }[];
}
interface Profile {
  id: string;
  photoCount: number;
}
interface SeenPhoto {
  isHidden: boolean;
}
interface SeenActivity {
  kind: string;
  actorCount: number;
  actors: { id: string }[];
  photo: { id: string } | null;
  comment: { id: string } | null;
}

/** Checks that the stored counts equal a recount, in which hidden people do not count. */
async function expectExactCounts(people: readonly Person[]): Promise<void> {
  const ids = people.map((person) => rowId(person.id));
  const wrong = await stores.db.$queryRaw<object[]>`
    select photos.id::text, like_count, comment_count from photos
    where owner_id = any(${ids}::bigint[]) and (like_count, comment_count) is distinct from (
      (select count(*) from likes join users on users.id = user_id where photo_id = photos.id and not is_hidden),
      (select count(*) from comments join users on users.id = author_id where photo_id = photos.id and not is_hidden)
    )
    union all
    select users.id::text, followers, following from users left join user_counts on user_id = users.id
    where users.id = any(${ids}::bigint[])
      and (coalesce(followers, 0), coalesce(following, 0), coalesce(photos, 0)) is distinct from (
        (select count(*) from follows join users other on other.id = follower_id
          where followee_id = users.id and not other.is_hidden),
        (select count(*) from follows join users other on other.id = followee_id
          where follower_id = users.id and not other.is_hidden),
        (select count(*) from photos where owner_id = users.id and status = 'READY' and hidden_at is null)
      )`;
  expect(wrong).toEqual([]);
}

async function newScenario(): Promise<Scenario> {
  const scenario = new Scenario(await Promise.all(Array.from({ length: PEOPLE }, () => newPerson(url))));
  await setHashtagFollow(scenario.at(COLLECTOR), 'followHashtag', scenario.hashtag);
  return scenario;
}

test('after any sequence of actions the counts are exact, and every path shows what the rules allow', {
  timeout: 480_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 10, maxLength: 60, size: 'max' }), async (commands) => {
      const scenario = await newScenario();
      for (const [index, step] of commands.entries()) {
        await scenario.run(step);
        if (index === Math.floor(commands.length / 2)) await scenario.check();
      }
      await scenario.check();
    }),
    { numRuns: 10 },
  );
});

const concurrentAction = fc.constantFrom(
  'follow',
  'unfollow',
  'block',
  'unblock',
  'private',
  'public',
  'like',
  'unlike',
  'comment',
  'deactivate',
  'suspend',
  'approveFollowRequest',
  'withdrawFollowRequest',
  'removeFollower',
);

test('after any concurrent actions of two people the counts are exact and no rule is broken', {
  timeout: 480_000,
}, async () => {
  const action = fc.record({ do: concurrentAction, by: fc.nat(1) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(action, { minLength: 2, maxLength: 6 }), { minLength: 2, maxLength: 4 }),
      async (rounds) => {
        const people = await Promise.all([newPerson(url), newPerson(url)]);
        const photos = await Promise.all(
          people.map(async ({ id }) => toGlobalId('Photo', (await insertPhoto(stores, rowId(id))).photoId)),
        );
        for (const round of rounds) {
          await Promise.all(
            round.map(async ({ do: name, by }) => {
              const [actor, other, photoId] = [people[by], people[1 - by], photos[1 - by]];
              if (!actor || !other) return;
              const isPrivate = name === 'private';
              const userId = other.id;
              // The order decides whether an action succeeds or is refused, but none may fail with an error.
              if (name === 'private' || name === 'public') await sendTolerant(actor, 'setPrivacy', { isPrivate });
              else if (name === 'like' || name === 'unlike') await sendTolerant(actor, `${name}Photo`, { photoId });
              else if (name === 'comment') await sendTolerant(actor, 'addComment', { photoId, text: 'x' });
              else if (name === 'deactivate')
                await sendTolerant(actor, 'deactivateAccount', { password: actor.password });
              else if (name === 'suspend') await sendTolerant(judge, 'suspendUser', { userId, why: 'x' });
              else await sendTolerant(actor, name, { userId });
            }),
          );
          for (const [index, person] of people.entries()) {
            await sendTolerant(judge, 'restoreUser', { userId: person.id, why: 'x' });
            people[index] = await logInAgain(person);
          }
        }
        const [a = 0n, b = 0n] = people.map((person) => rowId(person.id));
        await until(async () => {
          const pending = await stores.db.followRequest.count({
            where: { targetId: { in: [a, b] }, target: { isPrivate: false } },
          });
          return pending === 0;
        });
        await untilFolded(stores, people);
        await expectExactCounts(people);
        const broken = await stores.db.$queryRaw<object[]>`
        select 1 from blocks where blocker_id in (${a}, ${b}) and (
          exists (select from follows
            where (follower_id, followee_id) in ((blocker_id, blocked_id), (blocked_id, blocker_id)))
          or exists (select from follow_requests
            where (requester_id, target_id) in ((blocker_id, blocked_id), (blocked_id, blocker_id))))
        union all
        select 1 from follow_requests join follows on follower_id = requester_id and followee_id = target_id
        where requester_id in (${a}, ${b})`;
        expect(broken).toEqual([]);
      },
    ),
    { numRuns: 25 },
  );
});

/** Sends a mutation that may be refused or find its session ended, but must not fail otherwise. */
async function sendTolerant(actor: Person, name: string, input: object): Promise<void> {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
  const query = `mutation ($input: ${type}!) { ${name}(input: $input) { userErrors { code } } }`;
  const { errors } = await actor.send(query, { input });
  expect(errors.filter((error) => error.extensions.code !== 'UNAUTHENTICATED')).toEqual([]);
}
