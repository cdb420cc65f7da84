import { readdirSync, readFileSync } from 'node:fs';
import {
  buildASTSchema,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isObjectType,
  parse,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/** The types whose objects the visibility rules can hide from a viewer. */
const SUBJECTS = ['Photo', 'User', 'Comment', 'Place'];

const FOLDER = new URL('../../schema/', import.meta.url);

/** The schema from the files of `schema/`, which the code follows. */
export function readSchema(): GraphQLSchema {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.graphql'));
  return buildASTSchema(parse(files.map((name) => readFileSync(new URL(name, FOLDER), 'utf8')).join('\n')));
}

/** The fields that an operation selects, as `Type.field`. */
export function fieldsIn(schema: GraphQLSchema, document: string): Set<string> {
  const found = new Set<string>();
  const info = new TypeInfo(schema);
  visit(
    parse(document),
    visitWithTypeInfo(info, {
      Field() {
        const [parent, field] = [info.getParentType(), info.getFieldDef()];
        if (parent && field) found.add(`${parent.name}.${field.name}`);
      },
    }),
  );
  return found;
}

/**
 * The fields, as `Type.field`, that return a photo, a person, a comment or a place, or something that holds one, and
 * the fields of these four that return a number, a boolean or an image. Each could reveal something to a viewer who may
 * not see it.
 */
export function pathsOf(schema: GraphQLSchema): string[] {
  const types = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) && !type.name.startsWith('__'));
  const isSubject = (type: GraphQLNamedType) =>
    SUBJECTS.includes(type.name) ||
    (isAbstractType(type) && schema.getPossibleTypes(type).some((possible) => SUBJECTS.includes(possible.name)));
  // Pages, edges, payloads and events: no subjects themselves, but they hold one.
  const holders = new Set<string>();
  for (let size = -1; size < holders.size; ) {
    size = holders.size;
    for (const type of types) {
      if (SUBJECTS.includes(type.name) || !isObjectType(type)) continue;
      const fields = Object.values(type.getFields()).map((field) => getNamedType(field.type));
      if (fields.some((field) => isSubject(field) || holders.has(field.name))) holders.add(type.name);
    }
  }
  const revealsValue = (parent: GraphQLNamedType, field: GraphQLField<unknown, unknown>) =>
    SUBJECTS.includes(parent.name) && ['Int', 'Boolean', 'Image'].includes(getNamedType(field.type).name);
  return types
    .flatMap((type) => (isObjectType(type) ? Object.values(type.getFields()).map((field) => ({ type, field })) : []))
    .filter(({ type, field }) => {
      const named = getNamedType(field.type);
      return isSubject(named) || holders.has(named.name) || revealsValue(type, field);
    })
    .map(({ type, field }) => `${type.name}.${field.name}`)
    .sort();
}
