/** A model of what subscriptions should deliver after any sequence of actions, to compare the service with. */

/** The subscriptions of each subscriber. */
export const LISTS = ['homeFeed', 'activity', 'userPhotos'] as const;
export type List = (typeof LISTS)[number];

/** A person who is never blocked, muted or unfollowed, and so reaches every subscriber in the end. */
export const BEACON = 4;
/** The people of a run: all of them are authors and subscribers. */
export const PEOPLE = [0, 1, 2, 3] as const;

/**
 * The person to whose photos each person subscribes. Two subscribe to the same, so that their orders can be compared.
 */
const WATCHED = [1, 0, 0, 1];

export function watchedBy(viewer: number): number {
  return WATCHED[viewer] ?? 0;
}

/** Something that is delivered in one list of one subscriber. */
interface Item {
  viewer: number;
  list: List;
  key: string;
  /** The person who did it. */
  by: number;
  /** Whether it is a photo with the hashtag that everybody follows. */
  isTagged: boolean;
  /**
   * `never`: the rules forbade it at every moment at which it could be delivered. `must`: they allowed it at every
   * moment. `may`: they changed while it could have been under way.
   */
  expected: 'must' | 'may' | 'never';
  /** Whether the rules forbade it at some moment since it was done. */
  wasDenied: boolean;
  /** Whether it was delivered since the last gap after which it may be delivered again. */
  isDelivered: boolean;
  /** Whether it was delivered, or was in the list that the subscriber read at a gap. */
  isKnown: boolean;
  /**
   * A subscriber who did not follow the author at some moment since it was published, and resumes, may receive it
   * again: by the author after the hashtag, or the other way round (docs/mechanisms/live.md).
   */
  mayRepeat: boolean;
}

export class Model {
  /** As `from>to`. */
  readonly follows = new Set<string>();
  readonly blocks = new Set<string>();
  readonly mutes = new Set<string>();
  readonly photos: { id: string; owner: number }[] = [];
  readonly likes = new Set<string>();
  /** What the service did wrong, in words. */
  readonly violations: string[] = [];
  readonly #items = new Map<string, Item>();
  /** What was delivered before the mutation that caused it was answered, as `viewer list key`. */
  readonly #early = new Set<string>();
  /** Since when a viewer must not receive what another person does, in milliseconds since 1970. */
  readonly #deniedSince = new Map<string, number>();
  /** When the latest action of a group happened. */
  readonly #groups = new Map<string, number>();
  /** By subscriber: the photos of `userPhotos` in the order of delivery. */
  readonly #orders = new Map<number, string[]>();

  isBlocked(one: number, other: number): boolean {
    return this.blocks.has(`${one}>${other}`) || this.blocks.has(`${other}>${one}`);
  }

  allows(list: List, viewer: number, by: number, isTagged = false): boolean {
    if (this.isBlocked(viewer, by)) return false;
    if (list === 'userPhotos') return true;
    if (this.mutes.has(`${viewer}>${by}`)) return false;
    return list === 'activity' || isTagged || this.follows.has(`${viewer}>${by}`);
  }

  /**
   * Changes the relations. Call it before a mutation that allows more, and after the answer to one that allows less.
   */
  change(how: () => void): void {
    how();
    for (const item of this.#items.values()) {
      const isAllowed = this.allows(item.list, item.viewer, item.by, item.isTagged);
      if (!this.follows.has(`${item.viewer}>${item.by}`)) item.mayRepeat = item.isTagged;
      if (!isAllowed) item.wasDenied = true;
      if (!item.isKnown && item.expected === (isAllowed ? 'never' : 'must')) item.expected = 'may';
    }
    for (const viewer of PEOPLE) {
      for (const by of PEOPLE) {
        const pair = `${viewer}>${by}`;
        if (this.allows('activity', viewer, by)) this.#deniedSince.delete(pair);
        else if (!this.#deniedSince.has(pair)) this.#deniedSince.set(pair, Date.now());
      }
    }
  }

  /** @param isSure false when the subscriptions may not be active yet */
  published(id: string, owner: number, isSure: boolean, isTagged: boolean): void {
    this.photos.push({ id, owner });
    for (const viewer of PEOPLE) {
      if (viewer === owner) continue;
      this.#add(viewer, 'homeFeed', id, owner, isSure, isTagged);
      if (watchedBy(viewer) === owner) this.#add(viewer, 'userPhotos', id, owner, isSure);
    }
  }

  commented(commentId: string, by: number, owner: number, isSure = true): void {
    if (by !== owner && owner !== BEACON) this.#add(owner, 'activity', commentId, by, isSure);
  }

  liked(photoId: string, by: number, owner: number): void {
    const like = `${by} likes ${photoId}`;
    if (this.likes.has(like)) return;
    this.likes.add(like);
    if (by !== owner && owner !== BEACON) this.#add(owner, 'activity', like, by, true);
  }

  unliked(photoId: string, by: number, owner: number): void {
    this.likes.delete(`${by} likes ${photoId}`);
    const item = this.#items.get(`${owner} activity ${by} likes ${photoId}`);
    // Also for subscribers who resume later.
    if (item) Object.assign(item, { expected: 'may', wasDenied: true });
  }

  #add(viewer: number, list: List, key: string, by: number, isSure: boolean, isTagged = false): void {
    const isAllowed = this.allows(list, viewer, by, isTagged);
    const expected = isAllowed ? (isSure ? 'must' : 'may') : 'never';
    const wasDenied = !isAllowed || !isSure;
    const mayRepeat = isTagged && !this.follows.has(`${viewer}>${by}`);
    const initial = { isDelivered: false, isKnown: false, mayRepeat };
    const item: Item = { viewer, list, key, by, isTagged, expected, wasDenied, ...initial };
    this.#items.set(`${viewer} ${list} ${key}`, item);
    if (this.#early.delete(`${viewer} ${list} ${key}`)) this.#markDelivered(item);
  }

  /** A subscriber resumes. The rules of now apply to everything that was not delivered yet. */
  resumed(viewer: number): void {
    for (const item of this.#items.values()) {
      if (item.viewer !== viewer || item.isKnown) continue;
      const isAllowed = this.allows(item.list, viewer, item.by, item.isTagged);
      if (!isAllowed) item.expected = 'never';
      else if (!item.wasDenied) item.expected = 'must';
      else item.expected = 'may';
    }
  }

  /** An event about one photo or comment was delivered. */
  delivered(viewer: number, list: List, key: string): void {
    const name = `${viewer} ${list} ${key}`;
    const item = this.#items.get(name);
    if (list === 'userPhotos') this.#orders.set(viewer, [...(this.#orders.get(viewer) ?? []), key]);
    if (item) this.#markDelivered(item);
    else if (this.#early.has(name)) this.violations.push(`${viewer} received ${key} twice in ${list}.`);
    else this.#early.add(name);
  }

  #markDelivered(item: Item): void {
    const what = `${item.key} in ${item.list}, done by ${item.by}`;
    if (item.isDelivered && !item.mayRepeat) this.violations.push(`${item.viewer} received twice: ${what}.`);
    else if (item.expected === 'never') this.violations.push(`${item.viewer} received what is forbidden: ${what}.`);
    item.isDelivered = item.isKnown = true;
  }

  /**
   * An event about what several people did was delivered.
   *
   * @param happenedAt of the latest action. It must grow from event to event
   * @param photoId the photo that they like; null when they follow the viewer
   */
  groupDelivered(viewer: number, photoId: string | null, happenedAt: number, actors: readonly number[]): void {
    const group = `${viewer} ${photoId}`;
    if ((this.#groups.get(group) ?? 0) >= happenedAt)
      this.violations.push(`${viewer} received ${group} of ${happenedAt} twice or late.`);
    this.#groups.set(group, happenedAt);
    for (const by of actors) {
      const deniedSince = this.#deniedSince.get(`${viewer}>${by}`);
      if (deniedSince !== undefined && deniedSince < happenedAt)
        this.violations.push(
          `${viewer} received what ${by} did at ${happenedAt}, which is forbidden since ${deniedSince}.`,
        );
      if (photoId !== null) this.#markKnown(viewer, 'activity', `${by} likes ${photoId}`);
    }
  }

  /** The subscriber read the list, and it holds these keys. */
  read(viewer: number, list: List, keys: readonly string[]): void {
    for (const key of keys) this.#markKnown(viewer, list, key);
  }

  #markKnown(viewer: number, list: List, key: string): void {
    const item = this.#items.get(`${viewer} ${list} ${key}`);
    if (item) item.isKnown = true;
  }

  /** The subscriber received the gap after Redis lost its memory, and with it all dedup keys. */
  forget(viewer: number, list: List): void {
    for (const item of this.#items.values()) if (item.viewer === viewer && item.list === list) item.isDelivered = false;
    if (list === 'userPhotos') this.#orders.delete(viewer);
    if (list !== 'activity') return;
    for (const group of this.#groups.keys()) if (group.startsWith(`${viewer} `)) this.#groups.delete(group);
  }

  /** What these subscribers should have received by now and have not, and what they received that nobody did. */
  findWrong(viewers: readonly number[]): string[] {
    const missing = [...this.#items.values()].filter(
      (item) => viewers.includes(item.viewer) && item.expected === 'must' && !item.isKnown,
    );
    return [
      ...missing.map((item) => `${item.viewer} has not received ${item.key} in ${item.list}, done by ${item.by}.`),
      ...[...this.#early].map((name) => `This was delivered, but nobody did it: ${name}`),
    ];
  }

  /** Subscribers of the same person's photos must have received them in the same order. */
  checkOrder(): void {
    for (const viewer of PEOPLE) {
      for (const other of PEOPLE) {
        if (viewer >= other || watchedBy(viewer) !== watchedBy(other)) continue;
        const [first, second] = [this.#orders.get(viewer) ?? [], this.#orders.get(other) ?? []];
        const common = first.filter((id) => second.includes(id));
        if (common.join() !== second.filter((id) => first.includes(id)).join())
          this.violations.push(`${viewer} and ${other} received photos in different orders: ${first} and ${second}.`);
      }
    }
  }
}
