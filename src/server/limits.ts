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

/** The most tokens of a document: a query larger than this is not parsed. */
export const MAX_TOKENS = 3_000;
/** The largest request, in bytes. */
export const MAX_BODY_BYTES = 256 * 1024;

/** Subscriptions and other operations that run at the same time over one connection. */
export const MAX_OPERATIONS = 100;
/** Messages that a client may send over one connection: on average, and at once, when it subscribes to many things anew. */
export const MESSAGES_PER_SECOND = 100;
export const MAX_MESSAGES = 1_500;
/** From so many bytes on that a client has not taken in yet, more is made for it only as it takes them in. */
export const SOME_UNSENT_BYTES = 64 * 1024;
/** With so many, its subscriptions are ended, to be resumed, and nothing more is read from it. */
export const MAX_UNSENT_BYTES = 1024 * 1024;
/** Clients are pinged so often, in milliseconds; one that neither answers nor takes anything in until the next time is gone. */
export const CLIENT_SILENT_MS = 12_000;
/** What a client that is refused for now is told: after so many seconds it may try again. */
export const RETRY_AFTER_SECONDS = 5;

const MAX_DEPTH = 15;
const MAX_ALIASES = 50;
const MAX_NODES = 20_000;

/** Rules that every document is held to, over HTTP and WebSocket, before anything of it is run. */
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

/** These libraries throw, which a server takes for a fault of its own, unless they are told to leave it to us. */
function reporting(message: string) {
  return {
    propagateOnRejection: false,
    onReject: [(context: ValidationContext | null) => context?.reportError(new GraphQLError(message))],
  };
}

/**
 * Refuses an operation whose nested lists could hold too many things: the sum, over all lists, of their own size times those of
 * the lists that they are in. A size that is a variable counts as the largest page, so that the answer does not depend
 * on the variables and can be remembered with the document.
 */
function maxNodesRule(context: ValidationContext): ASTVisitor {
  const fragments = new Map<string, number>();

  /** How many things a selection can hold, within one thing of its type. */
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
    const known = fragments.get(name);
    if (known !== undefined) return known;
    // For one that is spread within itself, which another rule refuses.
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
      const message = `The lists of this query could hold ${nodes.toLocaleString('en')} things; ${MAX_NODES.toLocaleString('en')} are allowed. Ask for smaller pages, written into the query, or nest fewer lists.`;
      context.reportError(new GraphQLError(message, { nodes: operation }));
    },
  };
}

/** How many things a field asks for; null when it is neither a list with pages nor one of things by id. */
function listSize(definition: GraphQLField<unknown, unknown>, field: FieldNode): number | null {
  const argument = definition.args.find(({ name }) => name === 'first' || name === 'ids');
  if (!argument) return null;
  const value = field.arguments?.find(({ name }) => name.value === argument.name)?.value;
  if (!value) return Number(argument.defaultValue ?? MAX_PAGE);
  if (value.kind === Kind.LIST) return value.values.length;
  return value.kind === Kind.INT ? Math.max(0, Number(value.value)) : MAX_PAGE;
}
