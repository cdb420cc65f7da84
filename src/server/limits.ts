import { maxAliasesRule } from '@escape.tech/graphql-armor-max-aliases';
import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth';
import {
  type ASTVisitor,
  type FieldNode,
  GraphQLError,
  Kind,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';
import { MAX_PAGE } from '../features/paging.ts';

/** The most tokens of a document: a query larger than this is not parsed. */
export const MAX_TOKENS = 3_000;
/** The largest request, in bytes. */
export const MAX_BODY_BYTES = 256 * 1024;

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
 * Refuses a document whose nested lists could hold too many things: the sum, over all lists, of their own size times those of
 * the lists that they are in. A size that is a variable counts as the largest page, so that the answer does not depend
 * on the variables and can be remembered with the document.
 */
function maxNodesRule(context: ValidationContext): ASTVisitor {
  const sizes = [1];
  let nodes = 0;
  return {
    Field: {
      enter(field) {
        const size = listSize(context, field);
        if (size === null) return;
        const total = (sizes.at(-1) ?? 1) * size;
        nodes += total;
        sizes.push(total);
      },
      leave(field) {
        if (listSize(context, field) !== null) sizes.pop();
      },
    },
    // Fragments are visited where they are defined, not where they are spread: a list in one counts there with all that
    // can be around it.
    FragmentDefinition: {
      enter: () => {
        sizes.push(MAX_PAGE);
      },
      leave: () => {
        sizes.pop();
      },
    },
    Document: {
      leave() {
        if (nodes <= MAX_NODES) return;
        const message = `The lists of this query could hold ${nodes.toLocaleString('en')} things; ${MAX_NODES.toLocaleString('en')} are allowed. Ask for smaller pages, written into the query, or nest fewer lists.`;
        context.reportError(new GraphQLError(message));
      },
    },
  };
}

/** How many things a field asks for; null when it is not a list with pages. */
function listSize(context: ValidationContext, field: FieldNode): number | null {
  const definition = context.getFieldDef()?.args.find((argument) => argument.name === 'first');
  if (!definition) return null;
  const value = field.arguments?.find((argument) => argument.name.value === 'first')?.value;
  if (!value) return Number(definition.defaultValue ?? MAX_PAGE);
  return value.kind === Kind.INT ? Number(value.value) : MAX_PAGE;
}
