/** What a few people may see of each other after any sequence of what they do: kept beside the service, to compare it with. */

/** A photo, as the model knows it. */
export interface ModelPhoto {
  id: string;
  owner: number;
  isHidden: boolean;
  likes: Set<number>;
}

/** Who follows the hashtag that all photos have. */
export const COLLECTOR = 3;

export class Model {
  readonly isPrivate = new Set<number>();
  readonly suspended = new Set<number>();
  readonly deactivated = new Set<number>();
  /** As `from>to`, in the order in which they were made. */
  readonly follows = new Set<string>();
  readonly requests = new Set<string>();
  readonly blocks = new Set<string>();
  readonly mutes = new Set<string>();
  /** Newest last. */
  photos: ModelPhoto[] = [];
  comments: { id: string; photo: ModelPhoto; author: number }[] = [];
  /** What was told at some time: whether it is shown is decided when it is read. */
  readonly told = new Set<string>();

  isGone(person: number): boolean {
    return this.suspended.has(person) || this.deactivated.has(person);
  }

  isBlocked(one: number, other: number): boolean {
    return this.blocks.has(`${one}>${other}`) || this.blocks.has(`${other}>${one}`);
  }

  /** @param viewer -1 for nobody */
  seesPerson(viewer: number, person: number): boolean {
    return viewer === person || (!this.isGone(person) && !this.isBlocked(viewer, person));
  }

  seesWithin(viewer: number, person: number): boolean {
    const open = viewer === person || !this.isPrivate.has(person) || this.follows.has(`${viewer}>${person}`);
    return open && this.seesPerson(viewer, person);
  }

  seesPhoto(viewer: number, photo: ModelPhoto): boolean {
    return viewer === photo.owner || (!photo.isHidden && this.seesWithin(viewer, photo.owner));
  }

  wants(viewer: number, person: number): boolean {
    return viewer !== person && this.seesPerson(viewer, person) && !this.mutes.has(`${viewer}>${person}`);
  }

  feed(viewer: number): string[] {
    const photos = this.photos.filter(
      (photo) =>
        (viewer === COLLECTOR || this.follows.has(`${viewer}>${photo.owner}`)) &&
        this.wants(viewer, photo.owner) &&
        this.seesPhoto(viewer, photo),
    );
    return photos.map((photo) => photo.id).reverse();
  }

  follow(from: number, to: number): void {
    if (this.isPrivate.has(to)) {
      if (this.follows.has(`${from}>${to}`)) return;
      if (!this.requests.has(`${from}>${to}`)) this.told.add(`FOLLOW_REQUEST ${to} ${from}`);
      this.requests.add(`${from}>${to}`);
    } else this.addFollow(from, to);
  }

  addFollow(from: number, to: number): void {
    this.requests.delete(`${from}>${to}`);
    if (this.follows.has(`${from}>${to}`)) return;
    this.follows.add(`${from}>${to}`);
    if (!this.isGone(from) && !this.mutes.has(`${to}>${from}`)) this.told.add(`FOLLOW ${to}`);
  }

  approve(target: number, requester: number): void {
    this.addFollow(requester, target);
    this.told.add(`FOLLOW_APPROVED ${requester} ${target}`);
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
    if (person !== photo.owner && !this.mutes.has(`${photo.owner}>${person}`)) this.told.add(`LIKE ${photo.id}`);
  }

  deletePhoto(photo: ModelPhoto): void {
    this.photos = this.photos.filter((other) => other !== photo);
    this.comments = this.comments.filter((comment) => comment.photo !== photo);
  }

  /** The people in a list of somebody's, whom the viewer sees. */
  listed(viewer: number, pairs: ReadonlySet<string>, side: 'from' | 'to', person: number): number[] {
    return [...pairs]
      .map((pair) => pair.split('>').map(Number) as [number, number])
      .filter((pair) => pair[side === 'from' ? 0 : 1] === person)
      .map((pair) => pair[side === 'from' ? 1 : 0])
      .filter((other) => this.seesPerson(viewer, other));
  }

  /** What a person's activity list shows, in no order. */
  activity(viewer: number): string[] {
    const shown: string[] = [];
    for (const photo of this.photos.filter((one) => one.owner === viewer && this.told.has(`LIKE ${one.id}`))) {
      const likers = [...photo.likes].filter((person) => this.wants(viewer, person));
      if (likers.length > 0) shown.push(`LIKE ${photo.id} ${likers.length}`);
    }
    for (const { id, photo, author } of this.comments) {
      if (photo.owner === viewer && this.wants(viewer, author)) shown.push(`COMMENT ${id}`);
    }
    const followers = this.listed(viewer, this.follows, 'to', viewer).filter((person) => this.wants(viewer, person));
    if (this.told.has(`FOLLOW ${viewer}`) && followers.length > 0) shown.push(`FOLLOW ${followers.length}`);
    for (const person of this.listed(viewer, this.requests, 'to', viewer)) {
      if (this.wants(viewer, person)) shown.push(`FOLLOW_REQUEST ${person}`);
    }
    for (const told of this.told) {
      const [kind, to, person = -1] = told.split(' ');
      if (kind === 'FOLLOW_APPROVED' && Number(to) === viewer && this.wants(viewer, Number(person))) {
        shown.push(`FOLLOW_APPROVED ${person}`);
      }
    }
    return shown.sort();
  }
}
