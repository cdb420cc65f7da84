import type { Stores } from '../stores/stores.ts';
import type { Admission } from './admission.ts';
import type { Connections } from './connections.ts';
import type { Documents } from './documents.ts';
import type { Executor } from './executor.ts';
import type { WaitingBytes } from './waiting-bytes.ts';

/** What serves subscriptions, over whichever transport. */
export interface LiveServer {
  stores: Stores;
  executor: Executor;
  documents: Documents;
  connections: Connections;
  admission: Admission;
  unread: WaitingBytes;
}
