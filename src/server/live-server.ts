import type { GraphQLSchema } from 'graphql';
import type { Stores } from '../stores/stores.ts';
import type { Connections } from './connections.ts';
import type { Documents } from './documents.ts';
import type { Executor } from './executor.ts';

/** What serves subscriptions, over whichever transport. */
export interface LiveServer {
  stores: Stores;
  schema: GraphQLSchema;
  executor: Executor;
  documents: Documents;
  connections: Connections;
}
