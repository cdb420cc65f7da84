/**
 * What a document may cost. The budget is computed from the document and the schema alone, before anything is
 * validated, expanded, compiled or run: each fragment is measured once, however often it is spread, so the work grows
 * with the text and not with what it expands to.
 */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionSetNode,
} from 'graphql';
import { badInput } from '../features/kernel/errors.ts';
import { MAX_PAGE } from '../features/kernel/paging.ts';
import {
  FIELD_COSTS,
  MAX_ALIAS_LENGTH,
  MAX_ALIASES,
  MAX_COST,
  MAX_DEPTH,
  MAX_REPEATS,
  MAX_SELECTIONS,
  MAX_SUBSCRIPTION_SELECTIONS,
  MAX_VALUES,
  MAX_VARIABLE_VALUES,
} from './limits.ts';

/** The size of a selection set, with its fragments expanded. */
interface Size {
  /** Fields. */
  selections: number;
  aliases: number;
  /** Levels of fields, without those of introspection, which graphql-js limits. */
  depth: number;
  /** Values that the answer can hold: fields, and items of lists, each times the sizes of the lists around it. */
  values: number;
  /** The sum of `FIELD_COSTS`, each times the sizes of the lists around the field. */
  cost: number;
}

const NOTHING: Size = { selections: 0, aliases: 0, depth: 0, values: 0, cost: 0 };

/**
 * Checks that a document keeps the limits of limits.ts. Also refuses fragments that spread themselves, that share a
 * name or that no operation uses, as the specification does: the work of the further rules is bounded for all others.
 *
 * A list whose size is in a variable counts as one item here. `checkSizeWithVariables` counts it as what it is.
 *
 * @returns the first thing that exceeds a limit; null when nothing does
 */
export function checkBudget(schema: GraphQLSchema, document: DocumentNode): GraphQLError | null {
  return new Budget(schema, document, null).check(
    document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION),
  );
}

/** The size of an operation, and whether the sizes of its lists are in variables. */
export interface OperationSize extends Size {
  dependsOnVariables: boolean;
}

/**
 * Measures an operation of a document that keeps the limits.
 *
 * @param variables without one that is the size of a list, the list counts as the largest page
 */
export function measureOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Record<string, unknown> = {},
): OperationSize {
  const budget = new Budget(schema, document, variables);
  return { ...budget.measure(operation), dependsOnVariables: budget.dependsOnVariables };
}

/** Checks how much the variables hold, before anything reads them. @returns an error when it is too much, or null */
export function checkVariableValues(variables: Record<string, unknown>): GraphQLError | null {
  const left: unknown[] = [variables];
  let count = 0;
  for (let value = left.pop(); value !== undefined; value = left.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    const within = Array.isArray(value) ? value : Object.values(value);
    count += within.length;
    if (count > MAX_VARIABLE_VALUES) {
      return badInput(`The variables of an operation may hold at most ${format(MAX_VARIABLE_VALUES)} values.`);
    }
    left.push(...within);
  }
  return null;
}

/** Checks that an operation keeps the limits with its variables. @returns the first limit that it exceeds, or null */
export function checkSizeWithVariables(size: OperationSize): GraphQLError | null {
  const message = messageFor(size, size.selections);
  return message === null ? null : badInput(message);
}

class Budget {
  readonly #schema: GraphQLSchema;
  readonly #fragments = new Map<string, FragmentDefinitionNode>();
  /** By the fragment's name; null while it is being measured. */
  readonly #sizes = new Map<string, Size | null>();
  /** A fragment that spreads itself, two of one name (only the last would be measured), or too long an alias. */
  #wrong: string | null = null;
  readonly #variables: Record<string, unknown> | null;
  /** Whether the size of a list that was measured is in a variable. */
  dependsOnVariables = false;

  /** @param variables null when they are not known */
  constructor(schema: GraphQLSchema, document: DocumentNode, variables: Record<string, unknown> | null) {
    this.#schema = schema;
    this.#variables = variables;
    for (const definition of document.definitions) {
      if (definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
      const name = definition.name.value;
      if (this.#fragments.has(name)) this.#wrong = `There can be only one fragment named "${name}".`;
      this.#fragments.set(name, definition);
    }
  }

  measure(operation: OperationDefinitionNode): Size {
    return this.#sizeOf(operation.selectionSet, this.#schema.getRootType(operation.operation) ?? undefined);
  }

  check(operations: readonly OperationDefinitionNode[]): GraphQLError | null {
    let total = 0;
    for (const operation of operations) {
      const size = this.measure(operation);
      total += size.selections;
      if (operation.operation === OperationTypeNode.SUBSCRIPTION && size.selections > MAX_SUBSCRIPTION_SELECTIONS) {
        const allowed = `at most ${MAX_SUBSCRIPTION_SELECTIONS} fields`;
        const message = `With its fragments expanded, a subscription may have ${allowed}.`;
        return new GraphQLError(message, { nodes: operation });
      }
      const message = this.#wrong ?? messageFor(size, total);
      if (message !== null) return new GraphQLError(message, { nodes: operation });
    }
    for (const [name, fragment] of this.#fragments) {
      if (!this.#sizes.has(name)) return new GraphQLError(`Fragment "${name}" is never used.`, { nodes: fragment });
    }
    for (const operation of operations) {
      const key = this.#findRepeated([operation.selectionSet]);
      if (key !== null) {
        return new GraphQLError(`The field "${key}" is more than ${MAX_REPEATS} times in one place.`, {
          nodes: operation,
        });
      }
    }
    return null;
  }

  #sizeOf(set: SelectionSetNode | undefined, type: GraphQLNamedType | undefined): Size {
    if (!set) return NOTHING;
    const size = { ...NOTHING };
    for (const selection of set.selections) {
      const part =
        selection.kind === Kind.FIELD
          ? this.#sizeOfField(selection, type)
          : selection.kind === Kind.FRAGMENT_SPREAD
            ? this.#sizeOfFragment(selection.name.value)
            : this.#sizeOf(selection.selectionSet, this.#typeNamed(selection.typeCondition?.name.value) ?? type);
      size.selections += part.selections;
      size.aliases += part.aliases;
      size.depth = Math.max(size.depth, part.depth);
      size.values += part.values;
      size.cost += part.cost;
    }
    return size;
  }

  #sizeOfField(node: FieldNode, type: GraphQLNamedType | undefined): Size {
    const name = node.name.value;
    if (node.alias && node.alias.value.length > MAX_ALIAS_LENGTH) {
      this.#wrong = `An alias may have at most ${MAX_ALIAS_LENGTH} characters.`;
    }
    const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[name] : undefined;
    const within = this.#sizeOf(node.selectionSet, field && getNamedType(field.type));
    const length = field ? this.#listLength(field, node) : null;
    return {
      selections: 1 + within.selections,
      aliases: (node.alias ? 1 : 0) + within.aliases,
      depth: name === '__schema' || name === '__type' ? 0 : 1 + within.depth,
      values: 1 + (length === null ? within.values : length * (1 + within.values)),
      cost: (FIELD_COSTS[`${type?.name}.${name}`] ?? 0) + (length ?? 1) * within.cost,
    };
  }

  /** How many items a field requests; null when it neither returns a page nor takes a list of ids. */
  #listLength(definition: GraphQLField<unknown, unknown>, field: FieldNode): number | null {
    const argument = definition.args.find(({ name }) => name === 'first' || name === 'ids');
    if (!argument) return null;
    const value = field.arguments?.find(({ name }) => name.value === argument.name)?.value;
    if (!value) return Number(argument.defaultValue ?? MAX_PAGE);
    if (value.kind === Kind.LIST) return value.values.length;
    if (value.kind === Kind.INT) return Math.max(0, Number(value.value));
    if (value.kind !== Kind.VARIABLE) return MAX_PAGE;
    this.dependsOnVariables = true;
    if (!this.#variables) return 1;
    const given = this.#variables[value.name.value];
    const size = Array.isArray(given) ? given.length : given;
    // A larger page is refused later, with a message about the variable.
    return typeof size === 'number' ? Math.min(Math.max(0, size), MAX_PAGE) : MAX_PAGE;
  }

  #sizeOfFragment(name: string): Size {
    const known = this.#sizes.get(name);
    if (known) return known;
    if (known === null) {
      this.#wrong = `Cannot spread fragment "${name}" within itself.`;
      return NOTHING;
    }
    this.#sizes.set(name, null);
    const fragment = this.#fragments.get(name);
    const size = this.#sizeOf(fragment?.selectionSet, this.#typeNamed(fragment?.typeCondition.name.value));
    this.#sizes.set(name, size);
    return size;
  }

  #typeNamed(name: string | undefined): GraphQLNamedType | undefined {
    return name === undefined ? undefined : this.#schema.getType(name);
  }

  /**
   * Finds a response key that too many fields share. Validation compares each of them with each other one. The number
   * of fields is limited already, and no fragment spreads itself, so the fragments can be expanded here.
   */
  #findRepeated(sets: readonly SelectionSetNode[]): string | null {
    for (const [key, fields] of this.#fieldsByKey(sets)) {
      if (fields.length > MAX_REPEATS) return key;
      const repeated = this.#findRepeated(fields.flatMap((field) => field.selectionSet ?? []));
      if (repeated !== null) return repeated;
    }
    return null;
  }

  #fieldsByKey(sets: readonly SelectionSetNode[]): Map<string, FieldNode[]> {
    const fields = new Map<string, FieldNode[]>();
    const collect = (set: SelectionSetNode | undefined) => {
      for (const selection of set?.selections ?? []) {
        if (selection.kind === Kind.FIELD) {
          const key = (selection.alias ?? selection.name).value;
          const same = fields.get(key);
          if (same) same.push(selection);
          else fields.set(key, [selection]);
        } else if (selection.kind === Kind.INLINE_FRAGMENT) {
          collect(selection.selectionSet);
        } else {
          collect(this.#fragments.get(selection.name.value)?.selectionSet);
        }
      }
    };
    for (const set of sets) collect(set);
    return fields;
  }
}

/**
 * What is wrong with an operation of this size; null when nothing is.
 *
 * @param total the fields of the document's operations so far
 */
function messageFor({ depth, aliases, values, cost }: Size, total: number): string | null {
  if (total > MAX_SELECTIONS) {
    const count = total > 1e6 ? 'more than a million' : format(total);
    return `With its fragments expanded, this document has ${count} fields; ${format(MAX_SELECTIONS)} are allowed.`;
  }
  if (depth > MAX_DEPTH) return `A query may be at most ${MAX_DEPTH} levels deep.`;
  if (aliases > MAX_ALIASES) return `A query may have at most ${MAX_ALIASES} aliases.`;
  if (values > MAX_VALUES) {
    return (
      `The answer to this query could hold ${format(values)} values; ${format(MAX_VALUES)} are allowed. ` +
      'Ask for smaller pages or fewer fields, or nest fewer lists.'
    );
  }
  if (cost > MAX_COST) {
    const costs = Object.entries(FIELD_COSTS).map(([field, each]) => `${field} ${each}`);
    return (
      `This operation costs ${format(cost)}; ${MAX_COST} is allowed. ` +
      `Fields cost, for each item of the lists around them: ${costs.join(', ')}.`
    );
  }
  return null;
}

function format(count: number): string {
  return count.toLocaleString('en');
}
