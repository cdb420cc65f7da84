/**
 * What all subscriptions share: they follow channels (stores/channels.ts), hand on each thing that is told once and in order, and give with
 * each the cursor from which a client that lost its connection goes on, at this node or another. Where something may have been missed,
 * because too much was told meanwhile or Redis has lost its memory, they say so, and never leave it out in silence.
 *
 * A feature says which channels it follows, and what becomes of a thing that was told: for this viewer, under the rules, at this moment.
 */
import { isChannelName } from '../../stores/channel-names.ts';
import { type ChannelMessage, ChannelsUnavailable, UNKNOWN_POSITION } from '../../stores/channels.ts';
import type { Stores } from '../../stores/stores.ts';
import type { StreamPosition } from '../../stores/streams.ts';
import { badInput, resume, unavailable } from '../kernel/errors.ts';
import { DONE, generator } from './generator.ts';

/** What a subscription hands on. */
export interface LiveEvent<T> {
  /** From here it goes on. */
  cursor: string;
  /** Whether something may have been missed, as at the beginning: the client reads the list. */
  isGap: boolean;
  /** What happened; those who are told the same of the same moment may share it. With a gap: how things are now, where there is such a thing. */
  value: T | null;
}

/**
 * A subscription, as it hands on what happens: things that happened together at a time. Whoever wants the next ones may say how many at most:
 * whether the viewer may be told of them is decided when they are handed on, so none should have to wait after that.
 */
export type LiveEvents<T> = AsyncGenerator<LiveEvent<T>[], void, number | undefined>;

/** What a feature says of its subscription. */
export interface SubscriptionSource<T> {
  /**
   * The subscription's own, and never those that a cursor names: whoever makes a cursor up must not follow others' streams. The first
   * one is in every cursor of the subscription.
   */
  channels: readonly [string, ...string[]];
  /** Channels without a memory: what is published there is handed to `step` too, and is in no cursor. */
  signals?: readonly string[];
  /** The cursor of the last event that the client has had; null to begin now, with a gap: what was before is in the list. */
  after: string | null | undefined;
  /**
   * Looks at everything anew, at a gap: what was missed may have told to follow one more channel, or to end. What it answers comes with
   * the gap.
   */
  renew?(control: SubscriptionControl): Promise<Step<T>>;
  /** Whether how things are, as `renew` answers, is told first also to a client that goes on. */
  beginsWithState?: true;
  /** What becomes of something that was told. It is asked for some of what waits at the same time. */
  step(payload: string, control: SubscriptionControl): Promise<Step<T>>;
  /** What names a value that may be told on two channels: it is handed on once. */
  nameOf?(value: T): string;
}

/** A value to hand on, null to leave it out, or the last one. */
export type Step<T> = T | null | Final<T>;

/** After this the subscription ends, in order. */
export class Final<T> {
  readonly value: T | null;
  constructor(value: T | null) {
    this.value = value;
  }
}

/** What a feature can do while it is asked. */
export interface SubscriptionControl {
  /**
   * Follows one more channel, from where the client's cursor has it. When it has it nowhere, the client is told that it may have missed
   * something. The same again is the same as once.
   */
  add(channel: string): Promise<void>;
}

/** A channel that is followed. */
interface Followed {
  /** Up to where the client has been told. */
  told: StreamPosition;
  stop(): void;
}

/** What has been told and not yet been handed on. Of a signal the channel is null. */
interface Waiting {
  channel: Followed | null;
  told: ChannelMessage;
  isReplay: boolean;
}

/** More than a client can fall behind before it is better off coming again: what it misses then, streams still hold. */
const MAX_BEHIND = 500;
/** So many of those that wait are handed on together: what is asked for all of them is asked once, and they go out together. */
const AT_ONCE = 16;
/** Names of the last values are remembered, for the second channel. */
const REMEMBERED = 1_000;
/** A place takes about 100 characters, and who follows a thousand heavy authors has as many. */
const MAX_CURSOR = 150_000;

/**
 * Follows channels for one subscription.
 *
 * @returns its events, those together that happened together. They end with RESUME when the client is too slow, and with UNAVAILABLE when a store is away
 * @throws BAD_USER_INPUT for what is no cursor of this subscription; UNAVAILABLE when Redis is away
 */
export async function subscribe<T>(
  { channels, pubsub, log }: Stores,
  following: SubscriptionSource<T>,
): Promise<LiveEvents<T>> {
  const { after } = following;
  const known = after === null || after === undefined ? null : parseCursor(after);
  if (known && !known.has(following.channels[0])) throw badInput('"after" is not a cursor of this subscription.');
  const followed = new Map<string, Followed>();
  const unlisten: (() => void)[] = [];
  const waiting: Waiting[] = [];
  const named = new Set<string>();
  let behind = 0;
  let failure: Error | null = null;
  let ended = false;
  let finished = false;
  let begun = false;
  // So that whoever begins knows that it is listened to, has a cursor, and reads the list when nothing can fall between any more.
  let opening = known === null || following.beginsWithState === true;
  let wake = () => {};

  const put = (channel: Followed | null, told: ChannelMessage, isReplay: boolean) => {
    // Behind what had to be left out nothing may come.
    if (failure) return;
    const last = waiting.at(-1);
    if (last && last.channel === channel && last.told.payload === told.payload) {
      // What says the same as what waits already is told once.
      last.told = told;
      return;
    }
    if (!isReplay && ++behind > MAX_BEHIND) failure = resume('You fell too far behind: subscribe again with "after".');
    else waiting.push({ channel, told, isReplay });
    wake();
  };
  const fail = (error: Error) => {
    failure ??= error;
    wake();
  };
  const lost = () => unavailable('Live events are not to be had just now: subscribe again with "after" in a while.');

  const add = async (name: string) => {
    // What is being looked at while it ends may still ask for more.
    if (ended || followed.has(name)) return;
    const channel: Followed = { told: UNKNOWN_POSITION, stop() {} };
    followed.set(name, channel);
    // A channel that the client knows nothing of is one more that it may have missed something of.
    const isNew = known !== null || begun;
    const { place, stop } = await channels.subscribe(name, known?.get(name) ?? (isNew ? UNKNOWN_POSITION : null), {
      onMessage: (told, isReplay) => put(channel, told, isReplay),
      onUnavailable: () => fail(lost()),
    });
    // What has been told meanwhile waits: the client has been told up to here.
    channel.told = place;
    channel.stop = stop;
    if (ended) stop();
  };
  const control: SubscriptionControl = { add };
  const end = async () => {
    ended = true;
    for (const channel of followed.values()) channel.stop();
    followed.clear();
    for (const stop of unlisten.splice(0)) stop();
    wake();
  };

  const handOn = (step: Step<T> | undefined, isGap: boolean): LiveEvent<T>[] => {
    if (step instanceof Final) finished = true;
    const value = (step instanceof Final ? step.value : step) ?? null;
    if (value === null && !isGap) return [];
    if (value !== null && following.nameOf) {
      const name = following.nameOf(value);
      if (named.has(name)) return [];
      named.add(name);
      const [oldest] = named;
      if (named.size > REMEMBERED && oldest !== undefined) named.delete(oldest);
    }
    return [{ cursor: toCursor(followed), isGap, value }];
  };
  /** Takes what waits first, and what waits behind it up to the next gap. */
  const take = (most: number): Waiting[] => {
    const isGap = ({ told }: Waiting) => told.payload === null;
    const gap = waiting.slice(0, most).findIndex(isGap);
    const taken = waiting.splice(0, gap < 0 ? most : Math.max(gap, 1));
    for (const { isReplay } of taken) if (!isReplay) behind--;
    return taken;
  };
  /** What is to be handed on next, which may be nothing. */
  const proceed = async (most: number): Promise<LiveEvent<T>[]> => {
    const isAtGap = waiting[0]?.told.payload === null;
    if (opening && !isAtGap) {
      opening = false;
      return handOn(await following.renew?.(control), known === null);
    }
    const taken = take(most);
    if (isAtGap) opening = false;
    const steps = await Promise.all(
      taken.map(({ told: { payload } }) =>
        payload === null ? following.renew?.(control) : following.step(payload, control),
      ),
    );
    const events: LiveEvent<T>[] = [];
    for (const [index, { channel, told }] of taken.entries()) {
      if (finished) break;
      if (channel) channel.told = told.position;
      events.push(...handOn(steps[index], isAtGap));
    }
    return events;
  };
  const next = async (most: number): Promise<IteratorResult<LiveEvent<T>[], void>> => {
    while (!ended && !finished) {
      if (waiting.length === 0 && !opening) {
        if (failure) throw failure;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const events = await proceed(most);
      if (events.length > 0) return { done: false, value: events };
    }
    await end();
    return DONE;
  };
  const nextOrFail = async (most = AT_ONCE) => {
    try {
      return await next(Math.min(most, AT_ONCE));
    } catch (error) {
      if (error === failure) throw error;
      // The client comes again for what it has not had, when whatever it is has passed.
      log.warn({ err: error }, 'a subscription could not go on');
      throw lost();
    }
  };
  try {
    for (const name of following.signals ?? []) {
      const signal = { position: UNKNOWN_POSITION, payload: '' };
      const onResume = () => put(null, signal, false);
      unlisten.push(await pubsub.subscribe(name, (payload) => put(null, { ...signal, payload }, false), { onResume }));
    }
    for (const name of following.channels) await add(name);
    begun = true;
  } catch (error) {
    await end();
    throw error instanceof ChannelsUnavailable ? lost() : error;
  }
  return generator(nextOrFail, end);
}

function toCursor(followed: ReadonlyMap<string, Followed>): string {
  const places: [string, string, string][] = [];
  for (const [name, { told }] of followed) {
    // Of a stream that has not been told of yet nothing is said, so that whoever comes back is told of the gap.
    if (told !== UNKNOWN_POSITION) places.push([name, told.epoch, told.id]);
  }
  return Buffer.from(JSON.stringify(places)).toString('base64url');
}

function parseCursor(cursor: string): Map<string, StreamPosition> {
  const places = new Map<string, StreamPosition>();
  try {
    if (cursor.length > MAX_CURSOR) throw new Error('too long');
    for (const [name, epoch, id] of JSON.parse(Buffer.from(cursor, 'base64url').toString()) as string[][]) {
      if (!name || !isChannelName(name) || !epoch || !/^\d+-\d+$/.test(id ?? '')) throw new Error('not one of ours');
      places.set(name, { epoch, id: id ?? '' });
    }
  } catch {
    throw badInput('"after" is not a cursor of this subscription: take it from its events.');
  }
  return places;
}
