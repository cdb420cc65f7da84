/** One run of the chaos test: its people, what they do, and what they are told. */
import { createSession } from '../../src/features/accounts/sessions.ts';
import { followHashtag } from '../../src/features/hashtags/hashtag-follows.ts';
import { insertFollow } from '../../src/features/people/follows.ts';
import { toGlobalId } from '../../src/stores/ids.ts';
import { addJob } from '../../src/stores/jobs.ts';
import { insertPeople } from '../support/feed.ts';
import { newHashtag } from '../support/hashtags.ts';
import { insertFollowers, insertPhoto, rowId } from '../support/rows.ts';
import { until } from '../support/until.ts';
import { ACTIVITY_FIELDS, type LiveActivity, LiveClient, type LiveEvent } from './live-client.ts';
import { BEACON, LISTS, type List, Model, PEOPLE, watchedBy } from './live-model.ts';
import type { Nodes } from './live-nodes.ts';

/** With more followers an author is heavy: all others who follow them, and who is added to them below. */
export const PUSH_LIMIT = 4;

interface Human {
  /** The number in the database, and the id in GraphQL. */
  row: bigint;
  id: string;
  token: string;
}

export class Play {
  readonly model = new Model();
  readonly nodes: Nodes;
  readonly #isPulled: boolean;
  /** Every second photo has it, and everybody follows it. */
  readonly #hashtag = newHashtag();
  /** The last is the beacon. */
  readonly people: Human[];
  readonly clients: LiveClient[];
  /**
   * Gaps that there may be in each subscriber's home feed: one for each heavy author of whom they have not heard
   * before.
   */
  readonly #gaps = new Map<number, number>();
  /** The lists, as `viewer list`, in which something may be missing since Redis was emptied. */
  readonly #emptied = new Set<string>();
  /** All that was done, and what of it before Redis was emptied last. */
  readonly #done = new Set<string>();
  #doneBefore: ReadonlySet<string> = new Set();
  #wasEmptied = false;
  #reading = 0;
  /** Whose subscription to somebody's photos may have ended, since they blocked or were blocked. */
  readonly #watchMayEnd = new Set<number>();

  static async begin(nodes: Nodes, isPulled: boolean): Promise<Play> {
    const { stores } = nodes.darkroom;
    const rows = await insertPeople(stores, PEOPLE.length + 1);
    const people = await stores.db.$transaction(async (tx) => {
      for (const follower of rows.slice(0, -1)) {
        for (const followee of rows) if (followee !== follower) await insertFollow(tx, follower, followee);
      }
      const humans: Human[] = [];
      for (const row of rows) {
        humans.push({ row, id: toGlobalId('User', row), token: await createSession(stores, tx, row, 'a test') });
      }
      return humans;
    });
    if (isPulled) {
      // Two are heavy, and the beacon; the others become so when all follow them, with the next photo that they share.
      const [one, two, three = 0n, four = 0n] = rows;
      const ids = [one, two, rows[BEACON]].filter((id) => id !== undefined);
      await stores.db.user.updateMany({ where: { id: { in: ids } }, data: { isPulled: true } });
      for (const id of [three, four]) await insertFollowers(stores, id, PUSH_LIMIT - PEOPLE.length + 2);
      await stores.db.follow.deleteMany({ where: { followerId: rows[0] ?? 0n, followeeId: { in: [three, four] } } });
    }
    const play = new Play(nodes, people, isPulled);
    for (const viewer of PEOPLE) {
      play.#gaps.set(viewer, isPulled ? 2 : 0);
      for (const by of [...PEOPLE, BEACON]) {
        if (viewer !== by && !(isPulled && viewer === 0 && (by === 2 || by === 3)))
          play.model.follows.add(`${viewer}>${by}`);
      }
    }
    play.model.change(() => {});
    for (const row of rows) await followHashtag(stores, row, play.#hashtag);
    await play.#untilAllHaveCursors();
    return play;
  }

  constructor(nodes: Nodes, people: Human[], isPulled: boolean) {
    this.nodes = nodes;
    this.#isPulled = isPulled;
    this.people = people;
    this.clients = PEOPLE.map(
      (viewer) =>
        new LiveClient(nodes.urls, this.at(viewer).token, this.at(watchedBy(viewer)).id, {
          event: (list, event) => this.#heard(viewer, list, event),
          over: (list, code) => this.#over(viewer, list, code),
        }),
    );
  }

  at(index: number): Human {
    const human = this.people[index];
    if (!human) throw new Error('unreachable');
    return human;
  }

  indexOf(id: string): number {
    return this.people.findIndex((human) => human.id === id);
  }

  /** From then on nothing may be missed. */
  async #untilAllHaveCursors(): Promise<void> {
    for (const viewer of PEOPLE) {
      await this.publish(viewer, false);
      this.clients[viewer]?.connect(viewer);
    }
    await until(async () => this.clients.every(({ cursors }) => LISTS.every((list) => cursors[list] !== undefined)));
  }

  #firstPhotoOf(owner: number): { id: string; owner: number } {
    const photo = this.model.photos.find((one) => one.owner === owner);
    if (!photo) throw new Error('unreachable');
    return photo;
  }

  async publish(author: number, isSure = true): Promise<void> {
    const isTagged = this.model.photos.length % 2 === 1;
    const caption = isTagged ? `#${this.#hashtag}` : '';
    const { photoId } = await insertPhoto(this.nodes.darkroom.stores, this.at(author).row, caption);
    const id = toGlobalId('Photo', photoId);
    this.#done.add(id);
    this.model.published(id, author, isSure, isTagged);
  }

  /** Fans a photo out once more, as when a worker is killed before it can say that it has. */
  async repeat(photo: { id: string }): Promise<void> {
    await addJob(this.nodes.darkroom.stores.db, 'fanOutPhoto', { photoId: String(rowId(photo.id)) });
  }

  /** Sends a mutation by somebody. What the rules refuse must be refused. */
  async act<T>(node: number, by: number, name: string, input: object, selection: string, isAllowed = true): Promise<T> {
    const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input!`;
    const query = `mutation ($input: ${type}) { ${name}(input: $input) { ${selection} userErrors { code } } }`;
    type Payload = T & { userErrors: { code: string }[] };
    const data = await this.nodes.send<Record<string, Payload>>(this.at(by).token, node, query, { input });
    const codes = data[name]?.userErrors.map((error) => error.code).join();
    if (codes !== (isAllowed ? '' : 'NOT_FOUND'))
      this.model.violations.push(`${by} was answered "${codes}" to ${name} ${JSON.stringify(input)}.`);
    return data[name] as T;
  }

  async comment(node: number, by: number, photo: { id: string; owner: number }, isSure = true): Promise<void> {
    const isAllowed = !this.model.isBlocked(by, photo.owner);
    const input = { photoId: photo.id, text: 'a comment', idempotencyKey: String(this.#done.size) };
    type Made = { comment: { id: string } | null };
    const { comment } = await this.act<Made>(node, by, 'addComment', input, 'comment { id }', isAllowed);
    if (!comment) return;
    this.#done.add(comment.id);
    this.model.commented(comment.id, by, photo.owner, isSure);
  }

  async like(node: number, by: number, photo: { id: string; owner: number }, isLike: boolean): Promise<void> {
    const isAllowed = !this.model.isBlocked(by, photo.owner);
    const name = isLike ? 'likePhoto' : 'unlikePhoto';
    // Before the answer, because it may be told before that.
    if (isAllowed && isLike) this.model.liked(photo.id, by, photo.owner);
    else if (isAllowed) this.model.unliked(photo.id, by, photo.owner);
    await this.act(node, by, name, { photoId: photo.id }, 'photo { id }', isAllowed);
  }

  /** Changes what stands between two people. */
  async relate(node: number, name: string, by: number, other: number): Promise<void> {
    const { model } = this;
    const pair = `${by}>${other}`;
    const isAllowed = name.endsWith('block')
      ? !model.blocks.has(`${other}>${by}`) || model.blocks.has(pair)
      : !model.isBlocked(by, other);
    const send = () => this.act(node, by, name, { userId: this.at(other).id }, 'user { id }', isAllowed);
    if (!isAllowed) {
      await send();
      return;
    }
    if (name === 'follow' || name === 'unblock' || name === 'unmute') {
      if (this.#isPulled && name !== 'unblock') this.#gaps.set(by, (this.#gaps.get(by) ?? 0) + 1);
      model.change(() => {
        if (name === 'follow') model.follows.add(pair);
        else (name === 'unblock' ? model.blocks : model.mutes).delete(pair);
      });
      await send();
      if (name === 'unblock') for (const viewer of [by, other]) this.#reopen(viewer);
      return;
    }
    if (name === 'block') for (const viewer of [by, other]) this.#watchMayEnd.add(viewer);
    await send();
    model.change(() => {
      if (name === 'unfollow' || name === 'block') model.follows.delete(pair);
      if (name === 'block') model.follows.delete(`${other}>${by}`);
      if (name === 'block') model.blocks.add(pair);
      if (name === 'mute') model.mutes.add(pair);
    });
  }

  /** Cuts off all who listen at Redis: they listen anew by themselves, and what was told meanwhile is not lost. */
  async loseRedis(): Promise<void> {
    await this.nodes.darkroom.stores.redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  }

  /** Empties Redis. What is told of what is done from now on, is told after a gap. */
  async empty(): Promise<void> {
    for (const viewer of PEOPLE) for (const list of LISTS) this.#emptied.add(`${viewer} ${list}`);
    this.#doneBefore = new Set(this.#done);
    this.#wasEmptied = true;
    await this.nodes.darkroom.stores.redis.flushall();
  }

  connect(viewer: number, node: number): void {
    const client = this.clients[viewer];
    if (!client || client.isWanted) return;
    this.model.returned(viewer);
    client.connect(node);
  }

  #heard(viewer: number, list: List, event: LiveEvent): void {
    const { model } = this;
    if (event.isGap) this.#gap(viewer, list);
    const key = event.photo?.id ?? event.activity?.comment?.id;
    if (key !== undefined && this.#emptied.has(`${viewer} ${list}`) && !this.#doneBefore.has(key))
      model.violations.push(`${viewer} was told in ${list} of ${key} before the gap.`);
    if (event.photo) model.came(viewer, list, event.photo.id);
    if (event.activity) this.#heardOf(viewer, event.activity);
  }

  #heardOf(viewer: number, { kind, happenedAt, actors, photo, comment }: LiveActivity): void {
    // Of a comment by somebody who is blocked in this very moment only that is left.
    if (kind === 'COMMENT') {
      if (comment) this.model.came(viewer, 'activity', comment.id);
    } else {
      const photoId = kind === 'LIKE' ? (photo?.id ?? null) : null;
      const by = actors.map((actor) => this.indexOf(actor.id));
      this.model.groupCame(viewer, photoId, Date.parse(happenedAt), by);
    }
  }

  #gap(viewer: number, list: List): void {
    if (this.#wasEmptied) {
      this.#emptied.delete(`${viewer} ${list}`);
      this.model.forgot(viewer, list);
    } else {
      const left = list === 'homeFeed' ? (this.#gaps.get(viewer) ?? 0) : 0;
      if (left === 0) this.model.violations.push(`${viewer} was told of a gap in ${list} for no reason.`);
      this.#gaps.set(viewer, left - 1);
    }
    this.#reading++;
    this.#reread(viewer, list)
      .catch((error) => this.model.violations.push(`${viewer} cannot read ${list} anew: ${error}`))
      .finally(() => this.#reading--);
  }

  async #reread(viewer: number, list: List): Promise<void> {
    const { token } = this.at(viewer);
    if (list === 'activity') {
      const query = `{ activity(first: 100) { nodes { ${ACTIVITY_FIELDS} } } }`;
      const { activity } = await this.nodes.send<{ activity: { nodes: LiveActivity[] } }>(token, viewer, query, {});
      const keys = activity.nodes.flatMap(({ kind, photo, comment, actors }) =>
        kind === 'LIKE' ? actors.map(({ id }) => `${this.indexOf(id)} likes ${photo?.id}`) : (comment?.id ?? []),
      );
      return this.model.read(viewer, list, keys);
    }
    const photos = { nodes: [] as { id: string }[] };
    const query =
      list === 'homeFeed'
        ? '{ list: homeFeed(first: 100) { nodes { id } } }'
        : 'query ($id: ID!) { node(id: $id) { ... on User { list: photos(first: 100) { nodes { id } } } } }';
    type Answer = { list?: typeof photos; node?: { list: typeof photos } | null };
    const answer = await this.nodes.send<Answer>(token, viewer, query, { id: this.at(watchedBy(viewer)).id });
    const { nodes } = answer.list ?? answer.node?.list ?? photos;
    this.model.read(
      viewer,
      list,
      nodes.map((photo) => photo.id),
    );
  }

  #over(viewer: number, list: List, code: string | null): void {
    const isForBlock = list === 'userPhotos' && (code === null || code === 'NOT_FOUND');
    if (!isForBlock || !this.#watchMayEnd.has(viewer))
      this.model.violations.push(`${list} of ${viewer} ended with ${code}.`);
    this.#reopen(viewer);
  }

  /** Looks at somebody's photos again, when there is no block any more. */
  #reopen(viewer: number): void {
    if (!this.model.isBlocked(viewer, watchedBy(viewer))) this.clients[viewer]?.reopen('userPhotos');
  }

  #wanted(): number[] {
    return PEOPLE.filter((viewer) => this.clients[viewer]?.isWanted);
  }

  /** What is not as it will be once all has been told to those who are connected. */
  #unsettled(): string[] {
    const unsettled = this.model.wrong(this.#wanted());
    if (this.#reading > 0) unsettled.push(`${this.#reading} lists are being read.`);
    for (const viewer of this.#wanted()) {
      for (const list of LISTS) {
        const isBlocked = list === 'userPhotos' && this.model.isBlocked(viewer, watchedBy(viewer));
        if (this.clients[viewer]?.isOpen(list) === isBlocked)
          unsettled.push(`${list} of ${viewer} is ${isBlocked ? 'open' : 'closed'}.`);
      }
    }
    return unsettled;
  }

  /** Waits until all that was done has been told to those who are connected. */
  async settle(): Promise<void> {
    await this.nodes.untilIdle();
    await until(async () => this.model.violations.length > 0 || this.#unsettled().length === 0, 20).catch(() => {
      this.model.violations.push(...this.#unsettled());
    });
    this.check();
  }

  check(): void {
    if (this.model.violations.length > 0) throw new Error(this.model.violations.join('\n'));
  }

  /** Everybody comes back, and each list tells of one thing more, behind which nothing is left to come. */
  async end(): Promise<void> {
    await this.nodes.untilRunning();
    for (const viewer of PEOPLE) this.connect(viewer, viewer);
    await this.settle();
    for (const author of [...PEOPLE, BEACON]) await this.publish(author);
    for (const owner of PEOPLE) await this.comment(owner, BEACON, this.#firstPhotoOf(owner));
    await this.settle();
    if (!this.#wasEmptied) this.model.checkOrder();
    this.check();
  }

  async close(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.cut()));
  }
}
