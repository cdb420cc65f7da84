import type { Stores } from '../stores/stores.ts';
import type { SessionRow } from './accounts/sessions.ts';
import { payload, unauthenticated } from './kernel/errors.ts';
import { createLoaders, type Loaders } from './loaders.ts';

/** The context that every resolver receives. */
export interface Context {
  stores: Stores;
  /** The request's session; null without one. */
  session: SessionRow | null;
  /** The person whose session it is; null without one. */
  viewerId: bigint | null;
  /** The client's network address. */
  address: string;
  loaders: Loaders;
  /** Whether anything has asked who the viewer is: what was made without asking is the same for everybody. */
  hasAskedForViewer(): boolean;
}

/** Makes the context for the resolvers of one request, or of one event of a subscription. */
export function createContext(stores: Stores, session: SessionRow | null, address: string): Context {
  const viewerId = session?.userId ?? null;
  let asked = false;
  const ask = () => {
    asked = true;
    return viewerId;
  };
  return {
    stores,
    get session() {
      asked = true;
      return session;
    },
    get viewerId() {
      return ask();
    },
    address,
    loaders: createLoaders(stores, viewerId, ask),
    hasAskedForViewer: () => asked,
  };
}

/** The session of a request that needs one. @throws UNAUTHENTICATED when there is none */
export function requireSession(context: Context): SessionRow {
  if (!context.session) throw unauthenticated();
  return context.session;
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
