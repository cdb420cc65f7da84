import type { Stores } from '../stores/stores.ts';
import type { Admission } from './admission.ts';
import type { Connections } from './connections.ts';
import type { prepareDocuments } from './documents.ts';
import type { Executor } from './executor.ts';

/** What serves subscriptions, over whichever transport. */
export interface LiveServer {
  stores: Stores;
  executor: Executor;
  prepare: ReturnType<typeof prepareDocuments>;
  connections: Connections;
  admission: Admission;
}
