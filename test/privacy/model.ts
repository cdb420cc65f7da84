/**
 * A model of what a few people may see of each other after any sequence of their actions. The tests compare the service
 * with it. People are numbered from 0.
 */

/** A photo, as the model knows it. */
export interface ModelPhoto {
  id: string;
  owner: number;
  isHidden: boolean;
  likes: Set<number>;
}

/** The person who follows the hashtag that all photos have. */
export const COLLECTOR = 3;

export class Model {
  readonly isPrivate = new Set<number>();
  readonly suspended = new Set<number>();
  readonly deactivated = new Set<number>();
  /** As `from>to`, in the order in which they were created. */
  readonly follows = new Set<string>();
  readonly requests = new Set<string>();
  readonly blocks = new Set<string>();
  readonly mutes = new Set<string>();
  /** Newest last. */
  photos: ModelPhoto[] = [];
  comments: { id: string; photo: ModelPhoto; author: number }[] = [];
  /** The activities that were recorded. Whether one is shown is decided when the list is read. */
  readonly recorded = new Set<string>();

  isGone(person: number): boolean {
    return this.suspended.has(person) || this.deactivated.has(person);
  }

  isBlocked(person: number, other: number): boolean {
    return this.blocks.has(`${person}>${other}`) || this.blocks.has(`${other}>${person}`);
  }

  /** @param viewer -1 without a session */
  seesPerson(viewer: number, person: number): boolean {
    return viewer === person || (!this.isGone(person) && !this.isBlocked(viewer, person));
  }

  seesAccountContents(viewer: number, person: number): boolean {
    const isOpen = viewer === person || !this.isPrivate.has(person) || this.follows.has(`${viewer}>${person}`);
    return isOpen && this.seesPerson(viewer, person);
  }

  seesPhoto(viewer: number, photo: ModelPhoto): boolean {
    return viewer === photo.owner || (!photo.isHidden && this.seesAccountContents(viewer, photo.owner));
  }

  /** Whether activities of the person, and their photos, may be brought to the viewer. */
  seesUnmuted(viewer: number, person: number): boolean {
    return viewer !== person && this.seesPerson(viewer, person) && !this.mutes.has(`${viewer}>${person}`);
  }

  feed(viewer: number): string[] {
    const photos = this.photos.filter(
      (photo) =>
        (viewer === COLLECTOR || this.follows.has(`${viewer}>${photo.owner}`)) &&
        this.seesUnmuted(viewer, photo.owner) &&
        this.seesPhoto(viewer, photo),
    );
    return photos.map((photo) => photo.id).reverse();
  }

  follow(from: number, to: number): void {
    if (this.isPrivate.has(to)) {
      if (this.follows.has(`${from}>${to}`)) return;
      if (!this.requests.has(`${from}>${to}`)) this.recorded.add(`FOLLOW_REQUEST ${to} ${from}`);
      this.requests.add(`${from}>${to}`);
    } else this.addFollow(from, to);
  }

  addFollow(from: number, to: number): void {
    this.requests.delete(`${from}>${to}`);
    if (this.follows.has(`${from}>${to}`)) return;
    this.follows.add(`${from}>${to}`);
    if (!this.isGone(from) && !this.mutes.has(`${to}>${from}`)) this.recorded.add(`FOLLOW ${to}`);
  }

  approve(target: number, requester: number): void {
    this.addFollow(requester, target);
    this.recorded.add(`FOLLOW_APPROVED ${requester} ${target}`);
  }

  goPublic(person: number): void {
    this.isPrivate.delete(person);
    for (const request of [...this.requests]) {
      const [from = -1, to] = request.split('>').map(Number);
      if (to === person) this.approve(person, from);
    }
  }

  block(from: number, to: number): void {
    this.blocks.add(`${from}>${to}`);
    for (const pair of [`${from}>${to}`, `${to}>${from}`]) {
      this.follows.delete(pair);
      this.requests.delete(pair);
    }
  }

  like(person: number, photo: ModelPhoto): void {
    if (photo.likes.has(person)) return;
    photo.likes.add(person);
    if (person !== photo.owner && !this.mutes.has(`${photo.owner}>${person}`)) this.recorded.add(`LIKE ${photo.id}`);
  }

  deletePhoto(photo: ModelPhoto): void {
    this.photos = this.photos.filter((other) => other !== photo);
    this.comments = this.comments.filter((comment) => comment.photo !== photo);
  }

  /**
   * The people in a person's list whom the viewer sees.
   *
   * @param side of the pairs, where the person stands
   */
  listed(viewer: number, pairs: ReadonlySet<string>, side: 'from' | 'to', person: number): number[] {
    return [...pairs]
      .map((pair) => pair.split('>').map(Number) as [number, number])
      .filter((pair) => pair[side === 'from' ? 0 : 1] === person)
      .map((pair) => pair[side === 'from' ? 1 : 0])
      .filter((other) => this.seesPerson(viewer, other));
  }

  /** What a person's activity list shows, sorted by text. */
  activity(viewer: number): string[] {
    const shown: string[] = [];
    for (const photo of this.photos.filter(({ id, owner }) => owner === viewer && this.recorded.has(`LIKE ${id}`))) {
      const likers = [...photo.likes].filter((person) => this.seesUnmuted(viewer, person));
      if (likers.length > 0) shown.push(`LIKE ${photo.id} ${likers.length}`);
    }
    for (const { id, photo, author } of this.comments) {
      if (photo.owner === viewer && this.seesUnmuted(viewer, author)) shown.push(`COMMENT ${id}`);
    }
    const followers = this.listed(viewer, this.follows, 'to', viewer).filter((person) =>
      this.seesUnmuted(viewer, person),
    );
    if (this.recorded.has(`FOLLOW ${viewer}`) && followers.length > 0) shown.push(`FOLLOW ${followers.length}`);
    for (const person of this.listed(viewer, this.requests, 'to', viewer)) {
      if (this.seesUnmuted(viewer, person)) shown.push(`FOLLOW_REQUEST ${person}`);
    }
    for (const activity of this.recorded) {
      const [kind, to, person = -1] = activity.split(' ');
      if (kind === 'FOLLOW_APPROVED' && Number(to) === viewer && this.seesUnmuted(viewer, Number(person))) {
        shown.push(`FOLLOW_APPROVED ${person}`);
      }
    }
    return shown.sort();
  }
}
