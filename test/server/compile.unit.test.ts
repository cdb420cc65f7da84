/**
 * Compiled operations answer as graphql-js does. The operations are generated from our own schema, with resolvers whose
 * results follow from the place in the operation alone: values, nulls, errors, and each type of an interface or union.
 *
 * DIFFERENTIAL_RUNS is the number of operations.
 */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import {
  buildSchema,
  type ExecutionResult,
  type FormattedExecutionResult,
  type GraphQLArgument,
  type GraphQLEnumType,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isUnionType,
  Kind,
  type OperationDefinitionNode,
  parse,
  validate,
} from 'graphql';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Config } from '../../src/config.ts';
import { compile, isCompilable } from '../../src/server/compile.ts';
import { createDocuments } from '../../src/server/documents.ts';
import { formatResult } from '../../src/server/errors.ts';
import { interpret, type Operation, runCompiled } from '../../src/server/executor.ts';
import { Turns } from '../../src/server/turns.ts';
import type { Stores } from '../../src/stores/stores.ts';

const RUNS = Number(process.env.DIFFERENTIAL_RUNS ?? 200);
const FOLDER = new URL('../../schema/', import.meta.url);
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.graphql'));
const schema = buildSchema(files.map((name) => readFileSync(new URL(name, FOLDER), 'utf8')).join('\n'));
const settings = { schema, hideSuggestions: false };

/** A number that follows from a text. */
function hash(text: string): number {
  let value = 7;
  for (const character of text) value = (Math.imul(value, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  return (value ^ (value >>> 15)) >>> 0;
}

/** What a field of this type resolves to, at this place. */
function resultOf(type: GraphQLOutputType, place: string): unknown {
  const nullable = getNullableType(type);
  const chance = hash(`${place} null`) % 20;
  if (chance === 0) return null;
  if (isListType(nullable)) {
    return Array.from({ length: hash(place) % 4 }, (_, index) => resultOf(nullable.ofType, `${place}.${index}`));
  }
  if (isEnumType(nullable)) return pick(nullable.getValues(), place)?.value;
  if (isLeafType(nullable)) {
    if (nullable.name === 'Boolean') return hash(place) % 2 === 0;
    if (nullable.name === 'Int' || nullable.name === 'Float') return hash(place) % 1_000;
    return place;
  }
  const possible = isAbstractType(nullable) ? pick(schema.getPossibleTypes(nullable), place) : nullable;
  return { __typename: possible?.name, place };
}

/** A value as JSON, with the fields of objects in one order, which is left open. */
function toText(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)));
  });
}

function pick<T>(choices: readonly T[], seed: string | number): T | undefined {
  return choices[(typeof seed === 'number' ? seed : hash(seed)) % Math.max(1, choices.length)];
}

for (const type of Object.values(schema.getTypeMap())) {
  if (!isObjectType(type) || type.name.startsWith('__')) continue;
  for (const field of Object.values(type.getFields())) {
    field.resolve = (source: { place?: string } | null, args, _context, info) => {
      const place = `${source?.place ?? ''}.${info.fieldName}${toText(args)}`;
      const chance = hash(`${place} how`) % 24;
      const make = () => {
        if (chance === 0) throw new Error(`wrong at ${place}`);
        if (chance === 1) throw new GraphQLError(`refused at ${place}`, { extensions: { code: 'NOT_FOUND' } });
        return resultOf(field.type, place);
      };
      // Half of the results are promises.
      return hash(`${place} when`) % 2 === 0 ? make() : Promise.resolve().then(make);
    };
  }
}

/** Reads one number after the other from those that fast-check generated, so that they can be shrunk. */
class Choices {
  readonly #numbers: readonly number[];
  #next = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  below(limit: number): number {
    const number = this.#numbers[this.#next++ % Math.max(1, this.#numbers.length)] ?? 0;
    return Math.floor((number / 2 ** 32) * limit);
  }

  /** True once in so many times. */
  isOneIn(times: number): boolean {
    return this.below(times) === times - 1;
  }
}

/** Names of variables that every object has already. */
const HOSTILE_NAMES = ['constructor', 'toString', '__proto__', 'hasOwnProperty', 'valueOf', 'isPrototypeOf'];

/** Writes one operation: selections, fragments, aliases, directives and variables. */
class Writer {
  readonly #choices: Choices;
  readonly #fragments = new Map<string, string>();
  readonly #declarations: string[] = [];
  readonly variables: Record<string, unknown> = {};
  #left = 40;

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  write(): string {
    const kind = this.#choices.isOneIn(4) ? 'mutation' : 'query';
    const root = kind === 'query' ? schema.getQueryType() : schema.getMutationType();
    const selection = this.#selection(root as GraphQLObjectType, 0);
    const declarations = this.#declarations.length > 0 ? `(${this.#declarations.join(', ')})` : '';
    return [`${kind} Generated${declarations} ${selection}`, ...this.#fragments.values()].join('\n');
  }

  #selection(type: GraphQLOutputType, depth: number): string {
    const parts: string[] = [];
    for (let count = 1 + this.#choices.below(4); count > 0; count--) {
      const part = this.#part(type, depth);
      if (part) parts.push(part);
    }
    return `{ ${parts.join(' ') || '__typename'} }`;
  }

  #part(type: GraphQLOutputType, depth: number): string {
    const choice = this.#choices.below(10);
    if (choice === 0 || isUnionType(type) || this.#left-- <= 0) {
      if (isAbstractType(type) && this.#left > 0) return this.#fragmentOn(type, depth);
      return `${this.#alias()}__typename`;
    }
    if (choice === 1 && isCompositeType(type)) return this.#spread(type, depth);
    if (choice === 2 && isAbstractType(type)) return this.#fragmentOn(type, depth);
    if (choice === 3) return `...${this.#directive()} ${this.#selection(type, depth)}`;
    return isObjectType(type) || isInterfaceType(type) ? this.#field(type, depth) : '';
  }

  #fragmentOn(type: GraphQLOutputType, depth: number): string {
    if (!isAbstractType(type)) return '';
    const possible = pick(schema.getPossibleTypes(type), this.#choices.below(100));
    return possible ? `... on ${possible.name}${this.#directive()} ${this.#selection(possible, depth)}` : '';
  }

  /** Spreads a fragment, which may be there already, in another place. */
  #spread(type: GraphQLOutputType, depth: number): string {
    const name = `On${getNamedType(type).name}${this.#choices.below(2)}`;
    if (!this.#fragments.has(name)) {
      // Not before it is written, so that it cannot spread itself.
      const selection = this.#selection(type, Math.max(depth, 4));
      if (!this.#fragments.has(name))
        this.#fragments.set(name, `fragment ${name} on ${getNamedType(type).name} ${selection}`);
    }
    return `...${name}${this.#directive()}`;
  }

  #field(type: GraphQLObjectType | Parameters<typeof isInterfaceType>[0], depth: number): string {
    if (!isObjectType(type) && !isInterfaceType(type)) return '';
    const fields = Object.values(type.getFields()).filter(
      ({ type: of }) => depth < 5 || !isCompositeType(getNamedType(of)),
    );
    const field = pick(fields, this.#choices.below(1_000));
    if (!field) return '__typename';
    const args = field.args.flatMap((argument) => {
      if (!isRequiredArgument(argument) && this.#choices.isOneIn(2)) return [];
      return `${argument.name}: ${this.#argument(argument)}`;
    });
    const named = getNamedType(field.type);
    const selection = isCompositeType(named) ? ` ${this.#selection(named, depth + 1)}` : '';
    const given = args.length > 0 ? `(${args.join(', ')})` : '';
    return `${this.#alias()}${field.name}${given}${this.#directive()}${selection}`;
  }

  #alias(): string {
    return this.#choices.isOneIn(4) ? `a${this.#choices.below(3)}: ` : '';
  }

  #directive(): string {
    if (!this.#choices.isOneIn(8)) return '';
    const name = this.#choices.isOneIn(2) ? 'include' : 'skip';
    if (this.#choices.isOneIn(2)) return ` @${name}(if: ${this.#choices.isOneIn(2)})`;
    return ` @${name}(if: ${this.#variable('Boolean!', this.#choices.isOneIn(2), false)})`;
  }

  #argument(argument: GraphQLArgument): string {
    return this.#choices.isOneIn(2)
      ? this.#variableOf(argument.type, argument.defaultValue !== undefined)
      : this.#literal(argument.type, 0);
  }

  /** Declares a variable for a position. Where null is allowed, it may be given, null or absent. */
  #variableOf(type: GraphQLInputType, hasDefault: boolean): string {
    const isNullable = !isNonNullType(type) || (hasDefault && this.#choices.isOneIn(2));
    const declared = isNullable ? String(getNullableType(type)) : String(type);
    // One that is not null and has a default may be absent.
    if (this.#choices.isOneIn(10)) {
      const value = this.#choices.isOneIn(2) ? this.#value(type, 0) : undefined;
      return this.#variable(`${getNullableType(type)}! = ${this.#constant(type)}`, value ?? undefined, false);
    }
    return this.#variable(declared, this.#value(type, 0), isNullable);
  }

  #variable(type: string, value: unknown, isNullable: boolean): string {
    const hostile = this.#choices.isOneIn(12) ? HOSTILE_NAMES[this.#declarations.length] : undefined;
    const name = hostile ?? `v${this.#declarations.length}`;
    this.#declarations.push(`$${name}: ${type}`);
    const how = isNullable ? this.#choices.below(3) : 0;
    // As JSON.parse does it, also for `__proto__`.
    const set = (given: unknown) => Object.defineProperty(this.variables, name, { value: given, enumerable: true });
    if (how === 0 && value !== undefined) set(value);
    else if (how === 1) set(null);
    return `$${name}`;
  }

  /** A literal without variables. */
  #constant(type: GraphQLInputType): string {
    const nullable = getNullableType(type);
    if (isListType(nullable)) return `[${this.#constant(nullable.ofType)}]`;
    if (isEnumType(nullable)) return String(nullable.getValues()[0]?.name);
    if (isInputObjectType(nullable)) {
      const required = Object.values(nullable.getFields()).filter((field) => isNonNullType(field.type));
      return `{ ${required.map((field) => `${field.name}: ${this.#constant(field.type)}`).join(', ')} }`;
    }
    const { name } = getNamedType(nullable);
    return name === 'Boolean' ? 'true' : name === 'Int' ? '3' : name === 'Float' ? '1.5' : '"the default"';
  }

  #value(type: GraphQLInputType, depth: number): unknown {
    const nullable = getNullableType(type);
    if (!isNonNullType(type) && this.#choices.isOneIn(6)) return null;
    if (isListType(nullable)) return [this.#value(nullable.ofType, depth + 1)];
    if (isEnumType(nullable)) return pick((nullable as GraphQLEnumType).getValues(), this.#choices.below(100))?.name;
    if (isInputObjectType(nullable)) {
      const given = Object.values(nullable.getFields()).filter(
        (field) => isNonNullType(field.type) || (depth < 2 && this.#choices.isOneIn(2)),
      );
      return Object.fromEntries(given.map((field) => [field.name, this.#value(field.type, depth + 1)]));
    }
    // Once in a while a value that does not fit.
    if (this.#choices.isOneIn(12)) return { wrong: true };
    const { name } = getNamedType(nullable);
    if (name === 'Boolean') return this.#choices.isOneIn(2);
    if (name === 'Int') return this.#choices.below(50);
    if (name === 'Float') return this.#choices.below(50) / 4;
    return `text ${this.#choices.below(9)}`;
  }

  #literal(type: GraphQLInputType, depth: number): string {
    const nullable = getNullableType(type);
    if (depth > 0 && this.#choices.isOneIn(4)) return this.#variableOf(type, false);
    if (!isNonNullType(type) && this.#choices.isOneIn(8)) return 'null';
    if (isListType(nullable)) return `[${this.#literal(nullable.ofType, depth + 1)}]`;
    if (isEnumType(nullable)) return String(pick(nullable.getValues(), this.#choices.below(100))?.name);
    if (isInputObjectType(nullable)) {
      const given = Object.values(nullable.getFields()).filter(
        (field) => isNonNullType(field.type) || (depth < 2 && this.#choices.isOneIn(2)),
      );
      return `{ ${given.map((field) => `${field.name}: ${this.#literal(field.type, depth + 1)}`).join(', ')} }`;
    }
    const { name } = getNamedType(nullable);
    if (name === 'Boolean' || name === 'Int') return String(this.#value(type, depth) ?? 'null').replace(/\[.*/, '1');
    return name === 'Float' ? '1.5' : `"text ${this.#choices.below(9)}"`;
  }
}

const stores = { log: pino({ level: 'silent' }) } as unknown as Stores;

/** What a client sees, with errors in one order: which of two concurrent errors comes first is left open. */
function visible(result: ExecutionResult) {
  const { data, errors } = JSON.parse(JSON.stringify(formatResult(result, stores))) as FormattedExecutionResult;
  return { data, errors: errors?.map((error) => visibleError(data, error)).sort() };
}

/** Of the errors below a place that became null one is reported. Which one is left open as well. */
function visibleError(data: unknown, error: GraphQLFormattedError): string {
  let value = data;
  for (const [index, key] of (error.path ?? []).entries()) {
    if (value === null) return `something failed below ${toText(error.path?.slice(0, index))}`;
    value = (value as Record<string | number, unknown> | undefined)?.[key];
  }
  return toText(error);
}

function operationOf(query: string, variables: Record<string, unknown>): Operation | null {
  const document = parse(query);
  if (validate(schema, document).length > 0) return null;
  const operation = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  if (!operation) throw new Error('unreachable');
  return { document, operation, variables };
}

/** Compares both executors. @returns whether the operation was compiled */
async function compare(operation: Operation): Promise<boolean> {
  if (!isCompilable(schema, operation.document, operation.operation)) return false;
  const compiled = compile(schema, operation.document, operation.operation);
  if (!compiled) return false;
  const expected = await interpret(settings, operation, null, {});
  expect(visible(await runCompiled(settings, compiled.query, operation, null, {}))).toEqual(visible(expected));
  return true;
}

test('compiled operations answer as graphql-js does', { timeout: 600_000 }, async () => {
  let valid = 0;
  let compiled = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(2 ** 32 - 1), { minLength: 50, maxLength: 400, size: 'max' }), async (numbers) => {
      const writer = new Writer(new Choices(numbers));
      const operation = operationOf(writer.write(), writer.variables);
      if (!operation) return;
      valid++;
      if (await compare(operation)) compiled++;
    }),
    { numRuns: RUNS },
  );
  console.log(`${valid} of ${RUNS} generated operations are valid; ${compiled} were compiled.`);
  expect(valid).toBeGreaterThan(RUNS / 4);
  expect(compiled).toBeGreaterThan(RUNS / 20);
});

test('of two fields that fail within an object that becomes null, one is reported by both executors', async () => {
  const failing = buildSchema('type Query { outer: Outer } type Outer { one: Int! two: Int! three: Int }');
  const outer = failing.getType('Outer') as GraphQLObjectType;
  for (const [name, field] of Object.entries(outer.getFields())) {
    field.resolve = async () => {
      throw new GraphQLError(`${name} failed`);
    };
  }
  const document = parse('{ a: outer { one two three } b: outer { three } }');
  const [operation] = document.definitions as [OperationDefinitionNode];
  const given = { document, operation, variables: {} };
  const known = { schema: failing, hideSuggestions: false };
  const compiled = compile(failing, document, operation);
  if (!compiled) throw new Error('unreachable');
  const root = { outer: {} };
  for (const result of [
    await interpret(known, given, root, {}),
    await runCompiled(known, compiled.query, given, root, {}),
  ]) {
    expect(result).toMatchObject({ data: { a: null, b: { three: null } } });
    expect(result.errors?.map(({ path }) => path?.[0])).toEqual(['a', 'b']);
  }
});

test('an absent variable inside an input object is not compiled', () => {
  const operation = operationOf(
    `mutation ($l: LocationInput) { updatePhoto(input: { photoId: "P", caption: "new", location: $l }) {
      photo { caption } } }`,
    {},
  );
  expect(operation && isCompilable(schema, operation.document, operation.operation)).toBe(false);
});

test('a fragment in two places under different conditions is not compiled', () => {
  const operation = operationOf(
    `query ($a: Boolean!, $b: Boolean!) {
      node(id: "x") { ... on Photo { owner { ...Name @include(if: $a) } } }
      me { user { ...Name @include(if: $b) } }
    }
    fragment Name on User { username }`,
    { a: true, b: false },
  );
  expect(operation && isCompilable(schema, operation.document, operation.operation)).toBe(false);
});

test('an operation as clients send it is compiled, once it has been checked', async () => {
  const query = `query Feed($first: Int, $after: String) { homeFeed(first: $first, after: $after) {
    edges { cursor node { id caption owner { username } } } pageInfo { hasNextPage endCursor } } }`;
  const documents = createDocuments(schema, { INTROSPECTION: true } as Config, new Turns());
  const prepared = await documents.prepare({ query }, '', new AbortController().signal);
  if (!('operation' in prepared)) return expect.unreachable();
  const { document, operation } = prepared.operation;
  expect(isCompilable(schema, document, operation)).toBe(true);
  expect(compile(schema, document, operation)).not.toBe(null);
});
