/** One run of the chaos test: its people, what they do, and what they receive. */
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

/** An author with more followers becomes pulled: with all other people, and the followers that are added below. */
export const PUSH_LIMIT = 4;

interface Account {
  /** The number in the database, and the id in GraphQL. */
  row: bigint;
  id: string;
  token: string;
}

export class Scenario {
  readonly model = new Model();
  readonly nodes: Nodes;
  readonly #isPulled: boolean;
  /** Every second photo has this hashtag, and everybody follows it. */
  readonly #hashtag = newHashtag();
  /** The last is the beacon. */
  readonly people: Account[];
  readonly clients: LiveClient[];
  /**
   * Gaps that each subscriber's home feed may still have: one for each pulled author whose channel is not in its
   * cursor, and one for each whose channel is in the cursor only.
   */
  readonly #gaps = new Map<number, number>();
  /** The lists, as `viewer list`, that must have a gap before anything else, since Redis was emptied. */
  readonly #awaitingGap = new Set<string>();
  /** The ids of all photos and comments, and of those from before Redis was emptied last. */
  readonly #done = new Set<string>();
  #doneBefore: ReadonlySet<string> = new Set();
  #wasEmptied = false;
  #reading = 0;
  /** The viewers whose `userPhotos` may have ended, because they blocked or were blocked. */
  readonly #watchMayEnd = new Set<number>();

  static async begin(nodes: Nodes, isPulled: boolean): Promise<Scenario> {
    const { stores } = nodes.darkroom;
    const rows = await insertPeople(stores, PEOPLE.length + 1);
    const people = await stores.db.$transaction(async (tx) => {
      for (const follower of rows.slice(0, -1)) {
        for (const followee of rows) if (followee !== follower) await insertFollow(tx, follower, followee);
      }
      const accounts: Account[] = [];
      for (const row of rows) {
        accounts.push({ row, id: toGlobalId('User', row), token: await createSession(stores, tx, row, 'a test') });
      }
      return accounts;
    });
    if (isPulled) {
      // Two people and the beacon are pulled. The others become so with their next photo when everybody follows them.
      const [one, two, three = 0n, four = 0n] = rows;
      const ids = [one, two, rows[BEACON]].filter((id) => id !== undefined);
      await stores.db.user.updateMany({ where: { id: { in: ids } }, data: { isPulled: true } });
      for (const id of [three, four]) await insertFollowers(stores, id, PUSH_LIMIT - PEOPLE.length + 2);
      await stores.db.follow.deleteMany({ where: { followerId: rows[0] ?? 0n, followeeId: { in: [three, four] } } });
    }
    const scenario = new Scenario(nodes, people, isPulled);
    for (const viewer of PEOPLE) {
      scenario.#gaps.set(viewer, isPulled ? 2 : 0);
      for (const by of [...PEOPLE, BEACON]) {
        if (viewer !== by && !(isPulled && viewer === 0 && (by === 2 || by === 3)))
          scenario.model.follows.add(`${viewer}>${by}`);
      }
    }
    scenario.model.change(() => {});
    for (const row of rows) await followHashtag(stores, row, scenario.#hashtag);
    await scenario.#untilAllHaveCursors();
    return scenario;
  }

  constructor(nodes: Nodes, people: Account[], isPulled: boolean) {
    this.nodes = nodes;
    this.#isPulled = isPulled;
    this.people = people;
    this.clients = PEOPLE.map(
      (viewer) =>
        new LiveClient(nodes.urls, this.at(viewer).token, this.at(watchedBy(viewer)).id, {
          onEvent: (list, event) => this.#onEvent(viewer, list, event),
          onEnd: (list, code) => this.#onEnd(viewer, list, code),
        }),
    );
  }

  at(index: number): Account {
    const account = this.people[index];
    if (!account) throw new Error('unreachable');
    return account;
  }

  indexOf(id: string): number {
    return this.people.findIndex((account) => account.id === id);
  }

  /** From then on no subscriber may miss anything. */
  async #untilAllHaveCursors(): Promise<void> {
    for (const viewer of PEOPLE) {
      await this.publish(viewer, false);
      this.clients[viewer]?.connect(viewer);
    }
    await until(async () => this.clients.every(({ cursors }) => LISTS.every((list) => cursors[list] !== undefined)));
  }

  #firstPhotoOf(owner: number): { id: string; owner: number } {
    const photo = this.model.photos.find((candidate) => candidate.owner === owner);
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

  /** Fans a photo out again, as when a worker is killed before it completes the job. */
  async repeatFanOut(photo: { id: string }): Promise<void> {
    await addJob(this.nodes.darkroom.stores.db, 'fanOutPhoto', { photoId: String(rowId(photo.id)) });
  }

  /** Sends a mutation by a person. @param isAllowed whether the rules allow it; otherwise it must be refused */
  async mutate<T>(
    node: number,
    by: number,
    name: string,
    input: object,
    selection: string,
    isAllowed = true,
  ): Promise<T> {
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
    type Added = { comment: { id: string } | null };
    const { comment } = await this.mutate<Added>(node, by, 'addComment', input, 'comment { id }', isAllowed);
    if (!comment) return;
    this.#done.add(comment.id);
    this.model.commented(comment.id, by, photo.owner, isSure);
  }

  async like(node: number, by: number, photo: { id: string; owner: number }, isLike: boolean): Promise<void> {
    const isAllowed = !this.model.isBlocked(by, photo.owner);
    const name = isLike ? 'likePhoto' : 'unlikePhoto';
    // Before the answer, because it may be delivered before that.
    if (isAllowed && isLike) this.model.liked(photo.id, by, photo.owner);
    else if (isAllowed) this.model.unliked(photo.id, by, photo.owner);
    await this.mutate(node, by, name, { photoId: photo.id }, 'photo { id }', isAllowed);
  }

  /** Changes the relation between two people. */
  async changeRelation(node: number, name: string, by: number, other: number): Promise<void> {
    const { model } = this;
    const pair = `${by}>${other}`;
    const isAllowed = name.endsWith('block')
      ? !model.blocks.has(`${other}>${by}`) || model.blocks.has(pair)
      : !model.isBlocked(by, other);
    const send = () => this.mutate(node, by, name, { userId: this.at(other).id }, 'user { id }', isAllowed);
    if (!isAllowed) {
      await send();
      return;
    }
    if (name === 'follow' || name === 'unblock' || name === 'unmute') {
      if (name !== 'unblock') this.#mayHaveGap(by);
      model.change(() => {
        if (name === 'follow') model.follows.add(pair);
        else (name === 'unblock' ? model.blocks : model.mutes).delete(pair);
      });
      await send();
      if (name === 'unblock') for (const viewer of [by, other]) this.#reopen(viewer);
      return;
    }
    this.#mayHaveGap(by);
    if (name === 'block') this.#mayHaveGap(other);
    if (name === 'block') for (const viewer of [by, other]) this.#watchMayEnd.add(viewer);
    await send();
    model.change(() => {
      if (name === 'unfollow' || name === 'block') model.follows.delete(pair);
      if (name === 'block') model.follows.delete(`${other}>${by}`);
      if (name === 'block') model.blocks.add(pair);
      if (name === 'mute') model.mutes.add(pair);
    });
  }

  /** A viewer's set of pulled authors may have changed. */
  #mayHaveGap(viewer: number): void {
    if (this.#isPulled) this.#gaps.set(viewer, (this.#gaps.get(viewer) ?? 0) + 1);
  }

  /** Closes all pub/sub connections. The nodes subscribe again, and must not miss what was published meanwhile. */
  async disconnectPubSub(): Promise<void> {
    await this.nodes.darkroom.stores.redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  }

  /** Empties Redis. Everything that is done from now on must be delivered after a gap. */
  async emptyRedis(): Promise<void> {
    for (const viewer of PEOPLE) for (const list of LISTS) this.#awaitingGap.add(`${viewer} ${list}`);
    this.#doneBefore = new Set(this.#done);
    this.#wasEmptied = true;
    await this.nodes.darkroom.stores.redis.flushall();
  }

  connect(viewer: number, node: number): void {
    const client = this.clients[viewer];
    if (!client || client.isActive) return;
    this.model.resumed(viewer);
    client.connect(node);
  }

  #onEvent(viewer: number, list: List, event: LiveEvent): void {
    const { model } = this;
    if (event.isGap) this.#onGap(viewer, list);
    const key = event.photo?.id ?? event.activity?.comment?.id;
    if (key !== undefined && this.#awaitingGap.has(`${viewer} ${list}`) && !this.#doneBefore.has(key))
      model.violations.push(`${viewer} received ${key} in ${list} before the gap.`);
    if (event.photo) model.delivered(viewer, list, event.photo.id);
    if (event.activity) this.#onActivity(viewer, event.activity);
  }

  #onActivity(viewer: number, { kind, happenedAt, actors, photo, comment }: LiveActivity): void {
    // The comment is null when its author is blocked at this very moment.
    if (kind === 'COMMENT') {
      if (comment) this.model.delivered(viewer, 'activity', comment.id);
    } else {
      const photoId = kind === 'LIKE' ? (photo?.id ?? null) : null;
      const by = actors.map((actor) => this.indexOf(actor.id));
      this.model.groupDelivered(viewer, photoId, Date.parse(happenedAt), by);
    }
  }

  #onGap(viewer: number, list: List): void {
    if (this.#wasEmptied) {
      this.#awaitingGap.delete(`${viewer} ${list}`);
      this.model.forget(viewer, list);
    } else {
      const left = list === 'homeFeed' ? (this.#gaps.get(viewer) ?? 0) : 0;
      if (left === 0) this.model.violations.push(`${viewer} received a gap in ${list} for no reason.`);
      this.#gaps.set(viewer, left - 1);
    }
    this.#reading++;
    this.#reread(viewer, list)
      .catch((error) => this.model.violations.push(`${viewer} cannot read ${list}: ${error}`))
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

  #onEnd(viewer: number, list: List, code: string | null): void {
    const isForBlock = list === 'userPhotos' && (code === null || code === 'NOT_FOUND');
    if (!isForBlock || !this.#watchMayEnd.has(viewer))
      this.model.violations.push(`${list} of ${viewer} ended with ${code}.`);
    this.#reopen(viewer);
  }

  /** Subscribes to the watched person's photos again, unless there is a block. */
  #reopen(viewer: number): void {
    if (!this.model.isBlocked(viewer, watchedBy(viewer))) this.clients[viewer]?.reopen('userPhotos');
  }

  #connectedViewers(): number[] {
    return PEOPLE.filter((viewer) => this.clients[viewer]?.isActive);
  }

  /** What is not yet as it must be in the end, for those who are connected. */
  #unsettled(): string[] {
    const unsettled = this.model.findWrong(this.#connectedViewers());
    if (this.#reading > 0) unsettled.push(`${this.#reading} lists are being read.`);
    for (const viewer of this.#connectedViewers()) {
      for (const list of LISTS) {
        const isBlocked = list === 'userPhotos' && this.model.isBlocked(viewer, watchedBy(viewer));
        if (this.clients[viewer]?.isOpen(list) === isBlocked)
          unsettled.push(`${list} of ${viewer} is ${isBlocked ? 'open' : 'closed'}.`);
      }
    }
    return unsettled;
  }

  /** Waits until those who are connected have received everything. */
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

  /** Connects everybody, and sends one more event to each list. Nothing may arrive after it. */
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
