/**
 * Compiling is an optimisation of what graphql-js executes. Only operations are compiled of the kinds for which the
 * compiler is known to give the same answer; test/server/compile.unit.test.ts compares the two on generated operations.
 */
import {
  type DocumentNode,
  type GraphQLSchema,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import { measureOperation } from './budget.ts';

/** The most fields, fragments expanded, of an operation that is compiled. The code grows with them. */
const MAX_COMPILED_SELECTIONS = 150;

/**
 * Whether the compiler is known to execute an operation as graphql-js does. It is not for:
 * - a variable inside a list or an input object, where an absent one becomes null (graphql-jit#91);
 * - a variable that is non-null and has a default, which the compiler demands nevertheless, or one that has the name of
 *   something that every object has, which it takes for a value;
 * - a nullable variable for an argument that is non-null and has a default, where null reaches the resolver;
 * - `@skip` and `@include`, whose conditions are wrong for fields that are merged from several places.
 */
export function isCompilable(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): boolean {
  if (measureOperation(schema, document, operation).selections > MAX_COMPILED_SELECTIONS) return false;
  const isMisread = operation.variableDefinitions?.some(
    ({ type, variable, defaultValue }) =>
      (type.kind === Kind.NON_NULL_TYPE && defaultValue) || variable.name.value in Object.prototype,
  );
  if (isMisread) return false;
  const nullable = new Set(
    operation.variableDefinitions?.flatMap(({ type, variable }) =>
      type.kind === Kind.NON_NULL_TYPE ? [] : variable.name.value,
    ),
  );
  let isKnown = true;
  let depth = 0;
  const literal = {
    enter() {
      depth++;
    },
    leave() {
      depth--;
    },
  };
  const typeInfo = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(typeInfo, {
      Directive() {
        isKnown = false;
      },
      ListValue: literal,
      ObjectValue: literal,
      Variable({ name }, _, parent) {
        const isDefinition = parent !== undefined && 'kind' in parent && parent.kind === Kind.VARIABLE_DEFINITION;
        if (isDefinition) return;
        if (depth > 0) isKnown = false;
        const type = typeInfo.getInputType();
        if (type && isNonNullType(type) && nullable.has(name.value)) isKnown = false;
      },
    }),
  );
  return isKnown;
}

/**
 * Compiles an operation.
 *
 * @returns the compiled operation and the length of its code; null when the compiler refuses it
 */
export function compile(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): { query: CompiledQuery['query']; codeLength: number } | null {
  // The option `debug` returns the code, whose length bounds the memory that compiled operations take.
  const options = { debug: true } as Parameters<typeof compileQuery>[3];
  const compiled = compileQuery(schema, document, operation.name?.value, options);
  if (!isCompiledQuery(compiled)) return null;
  const { __DO_NOT_USE_THIS_OR_YOU_WILL_BE_FIRED_compilation: code } = compiled as CompiledQuery & {
    __DO_NOT_USE_THIS_OR_YOU_WILL_BE_FIRED_compilation: string;
  };
  return { query: compiled.query, codeLength: code.length };
}
