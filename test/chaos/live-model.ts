/** What subscriptions should tell after any sequence of acts: kept beside the service, to compare it with. */

/** The subscriptions of each subscriber. */
export const LISTS = ['homeFeed', 'activity', 'userPhotos'] as const;
export type List = (typeof LISTS)[number];

/** Somebody who is never blocked, muted or unfollowed, and so can be heard by everybody in the end. */
export const BEACON = 4;
/** The people of a run: all of them are authors and subscribers. */
export const PEOPLE = [0, 1, 2, 3] as const;

/**
 * Whose photos each person looks at: two look at the same, so that the order in which they are told can be compared.
 */
const WATCHED = [1, 0, 0, 1];

export function watchedBy(viewer: number): number {
  return WATCHED[viewer] ?? 0;
}

/** Something that is told in one list of one subscriber. */
interface Item {
  viewer: number;
  list: List;
  key: string;
  /** Who did it. */
  by: number;
  /** It is a photo with the hashtag that everybody follows. */
  isTagged: boolean;
  /**
   * `never`: the rules have forbidden it at every moment at which it could be delivered. `must`: they have allowed it
   * at every moment. `may`: they changed while it could have been under way.
   */
  due: 'must' | 'may' | 'never';
  /** The rules have forbidden it at some moment since it was done. */
  wasDenied: boolean;
  /** It has come as an event since the last gap after which it may come again. */
  isSeen: boolean;
  /** It has come, or was in the list when that was read anew after a gap. */
  isKnown: boolean;
  /** Who no longer follows its author and comes back may be told again, by the hashtag. */
  mayRepeat: boolean;
}

export class Model {
  /** As `from>to`. */
  readonly follows = new Set<string>();
  readonly blocks = new Set<string>();
  readonly mutes = new Set<string>();
  readonly photos: { id: string; owner: number }[] = [];
  readonly likes = new Set<string>();
  /** What is wrong, in words. */
  readonly violations: string[] = [];
  readonly #items = new Map<string, Item>();
  /** What has come before whoever did it was answered, as `viewer list key`. */
  readonly #early = new Set<string>();
  /** Since when somebody has not been told of what another one does, as milliseconds since 1970. */
  readonly #deniedSince = new Map<string, number>();
  /** When the latest that a group tells of happened. */
  readonly #groups = new Map<string, number>();
  /** In which order photos have come to who looks at somebody's. */
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
   * Changes the rules. What they allow is to be allowed here before it is asked for, and what they forbid forbidden
   * only after the answer.
   */
  change(how: () => void): void {
    how();
    for (const item of this.#items.values()) {
      const isAllowed = this.allows(item.list, item.viewer, item.by, item.isTagged);
      if (!this.follows.has(`${item.viewer}>${item.by}`)) item.mayRepeat = item.isTagged;
      if (!isAllowed) item.wasDenied = true;
      if (!item.isKnown && item.due === (isAllowed ? 'never' : 'must')) item.due = 'may';
    }
    for (const viewer of PEOPLE) {
      for (const by of PEOPLE) {
        const pair = `${viewer}>${by}`;
        if (this.allows('activity', viewer, by)) this.#deniedSince.delete(pair);
        else if (!this.#deniedSince.has(pair)) this.#deniedSince.set(pair, Date.now());
      }
    }
  }

  /** @param isSure false when it is not known that the subscriptions listen already */
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
    // Also when they come back later.
    if (item) Object.assign(item, { due: 'may', wasDenied: true });
  }

  #add(viewer: number, list: List, key: string, by: number, isSure: boolean, isTagged = false): void {
    const isAllowed = this.allows(list, viewer, by, isTagged);
    const due = isAllowed ? (isSure ? 'must' : 'may') : 'never';
    const wasDenied = !isAllowed || !isSure;
    const had = { isSeen: false, isKnown: false, mayRepeat: false };
    const item: Item = { viewer, list, key, by, isTagged, due, wasDenied, ...had };
    this.#items.set(`${viewer} ${list} ${key}`, item);
    if (this.#early.delete(`${viewer} ${list} ${key}`)) this.#see(item);
  }

  /** A subscriber who was away comes back: of what they have not had, all is decided anew. */
  returned(viewer: number): void {
    for (const item of this.#items.values()) {
      if (item.viewer !== viewer || item.isKnown) continue;
      const isAllowed = this.allows(item.list, viewer, item.by, item.isTagged);
      if (!isAllowed) item.due = 'never';
      else if (!item.wasDenied) item.due = 'must';
      else item.due = 'may';
    }
  }

  /** An event has come that tells of one thing. */
  came(viewer: number, list: List, key: string): void {
    const name = `${viewer} ${list} ${key}`;
    const item = this.#items.get(name);
    if (list === 'userPhotos') this.#orders.set(viewer, [...(this.#orders.get(viewer) ?? []), key]);
    if (item) this.#see(item);
    else if (this.#early.has(name)) this.violations.push(`${viewer} was told twice in ${list} of ${key}.`);
    else this.#early.add(name);
  }

  #see(item: Item): void {
    const what = `in ${item.list} of ${item.key}, done by ${item.by}`;
    if (item.isSeen && !item.mayRepeat) this.violations.push(`${item.viewer} was told twice ${what}.`);
    else if (item.due === 'never') this.violations.push(`${item.viewer} was told ${what}, which is forbidden.`);
    item.isSeen = item.isKnown = true;
  }

  /**
   * An event has come that tells what several did to one thing.
   *
   * @param happenedAt when the latest of it happened: each time it comes again this must be later
   * @param photoId what they like; null when they follow
   */
  groupCame(viewer: number, photoId: string | null, happenedAt: number, actors: readonly number[]): void {
    const group = `${viewer} ${photoId}`;
    if ((this.#groups.get(group) ?? 0) >= happenedAt)
      this.violations.push(`${viewer} was told twice or late of ${group} at ${happenedAt}.`);
    this.#groups.set(group, happenedAt);
    for (const by of actors) {
      const deniedSince = this.#deniedSince.get(`${viewer}>${by}`);
      if (deniedSince !== undefined && deniedSince < happenedAt)
        this.violations.push(`${viewer} was told at ${happenedAt} of ${by}, which is forbidden since ${deniedSince}.`);
      if (photoId !== null) this.#know(viewer, 'activity', `${by} likes ${photoId}`);
    }
  }

  /** The list was read anew, and holds these. */
  read(viewer: number, list: List, keys: readonly string[]): void {
    for (const key of keys) this.#know(viewer, list, key);
  }

  #know(viewer: number, list: List, key: string): void {
    const item = this.#items.get(`${viewer} ${list} ${key}`);
    if (item) item.isKnown = true;
  }

  /** Redis has lost its memory, and a gap has said so: who tells has forgotten what was told. */
  forgot(viewer: number, list: List): void {
    for (const item of this.#items.values()) if (item.viewer === viewer && item.list === list) item.isSeen = false;
    if (list === 'userPhotos') this.#orders.delete(viewer);
    if (list !== 'activity') return;
    for (const group of this.#groups.keys()) if (group.startsWith(`${viewer} `)) this.#groups.delete(group);
  }

  /** What these subscribers should have had by now and have not, and what nobody has done that they had. */
  wrong(viewers: readonly number[]): string[] {
    const missing = [...this.#items.values()].filter(
      (item) => viewers.includes(item.viewer) && item.due === 'must' && !item.isKnown,
    );
    return [
      ...missing.map((item) => `${item.viewer} has not been told in ${item.list} of ${item.key}, done by ${item.by}.`),
      ...[...this.#early].map((name) => `This was told, and nobody has done it: ${name}`),
    ];
  }

  /** Whoever looks at the same person's photos has been told of them in the same order. */
  checkOrder(): void {
    for (const one of PEOPLE) {
      for (const other of PEOPLE) {
        if (one >= other || watchedBy(one) !== watchedBy(other)) continue;
        const [first, second] = [this.#orders.get(one) ?? [], this.#orders.get(other) ?? []];
        const common = first.filter((id) => second.includes(id));
        if (common.join() !== second.filter((id) => first.includes(id)).join())
          this.violations.push(`${one} and ${other} were told in different orders: ${first} and ${second}.`);
      }
    }
  }
}
