import { maxAliasesRule } from '@escape.tech/graphql-armor-max-aliases';
import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth';
import {
  type ASTVisitor,
  type FieldNode,
  GraphQLError,
  type GraphQLField,
  type GraphQLNamedType,
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';
import { MAX_PAGE } from '../features/kernel/paging.ts';
import type { BucketSize } from './token-bucket.ts';

/** The most tokens of a document. A larger one is not parsed. */
export const MAX_TOKENS = 3_000;
/** The largest request, in bytes. */
export const MAX_BODY_BYTES = 256 * 1024;

/** The most operations, subscriptions included, that run at the same time over one connection. */
export const MAX_OPERATIONS = 100;
/**
 * How many frames a client may send over one connection: messages, pings and pongs. A client that reconnects and
 * subscribes to everything again needs a burst.
 */
export const FRAMES_OF_SOCKET: BucketSize = { perSecond: 100, capacity: 1_500 };
/**
 * How many bytes. A message of a real client has 2 KB at most, so these are 100 of them in a second. The burst is eight
 * messages of the largest size.
 */
export const BYTES_OF_SOCKET: BucketSize = { perSecond: 256 * 1024, capacity: 8 * MAX_BODY_BYTES };
/**
 * The same for all connections from one address, for each connection that is allowed from it. A client that is at rest
 * sends a pong every 12 seconds. When a server restarts, all of them subscribe again at the same moment.
 */
export const FRAMES_OF_ADDRESS: BucketSize = { perSecond: 2, capacity: 30 };
/** The same in bytes. */
export const BYTES_OF_ADDRESS: BucketSize = { perSecond: 2 * 1024, capacity: 20 * 1024 };
/**
 * How many subscriptions without a session an address may begin, for each connection that is allowed from it. Each may
 * leave streams in Redis for a minute.
 */
export const SUBSCRIPTIONS_OF_ADDRESS: BucketSize = { perSecond: 0.02, capacity: 1 };
/** The least of that, where few connections are allowed: what one connection may have at the same time. */
export const SUBSCRIPTIONS_OF_SOCKET: BucketSize = { perSecond: 1, capacity: MAX_OPERATIONS };
/** The most fragments of a message. No library sends a large message in pieces of less than 4 KB. */
export const MAX_FRAGMENTS = 64;
/** Backpressure: from so many unsent bytes on, results are made for a client only as fast as it reads. */
export const SOME_UNSENT_BYTES = 64 * 1024;
/** From so many unsent bytes on, the client's subscriptions end with RESUME, and nothing more is read from it. */
export const MAX_UNSENT_BYTES = 1024 * 1024;
/** The ping interval, in milliseconds. A client that neither answers nor reads until the next ping is cut off. */
export const CLIENT_SILENT_MS = 12_000;
/** The `Retry-After` of refused connections, in seconds. */
export const RETRY_AFTER_SECONDS = 5;

const MAX_DEPTH = 15;
const MAX_ALIASES = 50;
const MAX_NODES = 20_000;

/** The limits that every document must keep, over HTTP and WebSocket, before it is executed. */
export const limitRules: ValidationRule[] = [
  maxDepthRule({
    n: MAX_DEPTH,
    ignoreIntrospection: true,
    flattenFragments: true,
    ...reporting(`A query may be at most ${MAX_DEPTH} levels deep.`),
  }),
  maxAliasesRule({ n: MAX_ALIASES, allowList: [], ...reporting(`A query may have at most ${MAX_ALIASES} aliases.`) }),
  maxNodesRule,
];

/**
 * Makes these libraries report a validation error. By default they throw, which the server would take for a fault of
 * its own.
 */
function reporting(message: string) {
  return {
    propagateOnRejection: false,
    onReject: [(context: ValidationContext | null) => context?.reportError(new GraphQLError(message))],
  };
}

/**
 * Refuses an operation whose nested lists could hold too many items: the sum, over all lists, of the product of their
 * own size and the sizes of the lists around them. A page size that is a variable counts as the largest page, so that
 * the result depends on the document alone and can be cached with it.
 */
function maxNodesRule(context: ValidationContext): ASTVisitor {
  const fragments = new Map<string, number>();

  /** How many items a selection set can hold, for one object of its type. */
  const count = (selections: SelectionSetNode | undefined, type: GraphQLNamedType | undefined): number => {
    let sum = 0;
    for (const selection of selections?.selections ?? []) {
      if (selection.kind === Kind.FIELD) {
        const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[selection.name.value] : undefined;
        const within = count(selection.selectionSet, field && getNamedType(field.type));
        const size = field ? listSize(field, selection) : null;
        sum += size === null ? within : size * (1 + within);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        const name = selection.typeCondition?.name.value;
        sum += count(selection.selectionSet, name === undefined ? type : context.getSchema().getType(name));
      } else {
        sum += countFragment(selection.name.value);
      }
    }
    return sum;
  };
  const countFragment = (name: string): number => {
    const existing = fragments.get(name);
    if (existing !== undefined) return existing;
    // Ends the recursion for a fragment that spreads itself. Another rule refuses it.
    fragments.set(name, 0);
    const fragment = context.getFragment(name);
    const counted = count(
      fragment?.selectionSet,
      context.getSchema().getType(fragment?.typeCondition.name.value ?? ''),
    );
    fragments.set(name, counted);
    return counted;
  };

  return {
    OperationDefinition(operation) {
      const nodes = count(operation.selectionSet, context.getSchema().getRootType(operation.operation) ?? undefined);
      if (nodes <= MAX_NODES) return;
      const message =
        `The lists of this query could hold ${nodes.toLocaleString('en')} things; ` +
        `${MAX_NODES.toLocaleString('en')} are allowed. ` +
        'Ask for smaller pages, written into the query, or nest fewer lists.';
      context.reportError(new GraphQLError(message, { nodes: operation }));
    },
  };
}

/** How many items a field requests; null when it neither returns a page nor takes a list of ids. */
function listSize(definition: GraphQLField<unknown, unknown>, field: FieldNode): number | null {
  const argument = definition.args.find(({ name }) => name === 'first' || name === 'ids');
  if (!argument) return null;
  const value = field.arguments?.find(({ name }) => name.value === argument.name)?.value;
  if (!value) return Number(argument.defaultValue ?? MAX_PAGE);
  if (value.kind === Kind.LIST) return value.values.length;
  return value.kind === Kind.INT ? Math.max(0, Number(value.value)) : MAX_PAGE;
}
