import type { Stores } from '../stores/stores.ts';
import type { SessionRow } from './accounts/sessions.ts';
import { neverAbandoned } from './kernel/abandoned.ts';
import { payload, unauthenticated } from './kernel/errors.ts';
import { Loaders } from './loaders.ts';

/** The context that every resolver receives. */
export interface Context {
  stores: Stores;
  /** The session of the request, null without one. Reading it makes the answer depend on the viewer. */
  readSession(): SessionRow | null;
  /** The id of the person whose session it is, null without one. Reading it makes the answer depend on the viewer. */
  readViewer(): bigint | null;
  /** The client's network address. */
  address: string;
  /** Whose work this is when the server shares its time: the person, or without a session the address. */
  client: string;
  /** Aborted when nobody waits for the answer any more. The resolvers of a query end then. */
  signal: AbortSignal;
  loaders: Loaders;
  /** Counts the work of a costly field, which goes on when the operation is abandoned. */
  addCostly(work: Promise<unknown>): void;
  /** Resolves when the costly fields that have begun are over. */
  untilCostlyEnds(): Promise<void>;
  /** Whether anything has read the session or the viewer so far. An answer made without is the same for everybody. */
  dependsOnViewer(): boolean;
}

/**
 * Makes the context for the resolvers of one request, or of one event of a subscription.
 *
 * @param signal is aborted when nobody waits for the answer any more
 */
export function createContext(
  stores: Stores,
  session: SessionRow | null,
  address: string,
  signal = neverAbandoned(),
): Context {
  let dependsOnViewer = false;
  const readSession = () => {
    dependsOnViewer = true;
    return session;
  };
  const readViewer = () => readSession()?.userId ?? null;
  const loaders = new Loaders(stores, session?.userId ?? null, readViewer, signal);
  const costly = new Set<Promise<unknown>>();
  return {
    stores,
    readSession,
    readViewer,
    address,
    client: clientOf(session, address),
    signal,
    loaders,
    addCostly(work) {
      costly.add(work);
      const end = () => costly.delete(work);
      work.then(end, end);
    },
    async untilCostlyEnds() {
      await Promise.allSettled(costly);
    },
    dependsOnViewer: () => dependsOnViewer,
  };
}

/** The same context for work that is carried out in full, whoever waits for it. */
export function withoutAbort(context: Context): Context {
  return { ...context, signal: neverAbandoned() };
}

/** Names whose work a request is: the person's, or without a session the address's. */
export function clientOf(session: SessionRow | null, address: string): string {
  return session ? String(session.userId) : address;
}

/** The session of a request that needs one. @throws UNAUTHENTICATED without one */
export function requireSession(context: Context): SessionRow {
  const session = context.readSession();
  if (!session) throw unauthenticated();
  return session;
}

/**
 * Makes the resolver of a mutation that needs a session. Without one the mutation fails with UNAUTHENTICATED.
 *
 * @param work does it; what it returns is the payload, and the `UserErrors` that it throws become the payload's
 * `userErrors`
 */
export function mutation<Args, Result extends object>(
  work: (session: SessionRow, args: Args, context: Context) => Promise<Result>,
) {
  return (_: unknown, args: Args, context: Context) =>
    payload(async () => work(requireSession(context), args, context));
}
