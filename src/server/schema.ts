import { readdirSync, readFileSync } from 'node:fs';
import { makeExecutableSchema } from '@graphql-tools/schema';
import {
  GraphQLError,
  type GraphQLSchema,
  getNamedType,
  isIntrospectionType,
  isLeafType,
  isObjectType,
  Kind,
  type ValueNode,
} from 'graphql';
import { accountResolvers } from '../features/accounts/resolvers.ts';
import { activityResolvers } from '../features/activity/resolvers.ts';
import type { Context } from '../features/context.ts';
import { dataExportResolvers } from '../features/data-export/resolvers.ts';
import { deletionResolvers } from '../features/deletion/resolvers.ts';
import { discoveryResolvers } from '../features/discovery/resolvers.ts';
import { feedResolvers } from '../features/feed/resolvers.ts';
import { hashtagResolvers } from '../features/hashtags/resolvers.ts';
import { moderationResolvers } from '../features/moderation/resolvers.ts';
import { nodeResolvers } from '../features/nodes.ts';
import { peopleResolvers } from '../features/people/resolvers.ts';
import { photoResolvers } from '../features/photos/resolvers.ts';
import { placeResolvers } from '../features/places/resolvers.ts';
import { FIELD_COSTS } from './limits.ts';

const FOLDER = new URL('../../schema/', import.meta.url);

// Not a GraphQLScalarType: that would replace the schema's scalar, and its description with it.
const dateTime = {
  __serialize(value: unknown): string {
    if (value instanceof Date) return value.toISOString();
    throw new GraphQLError('A DateTime must be made from a Date.');
  },
  __parseValue: toDate,
  __parseLiteral: (node: ValueNode) => toDate(node.kind === Kind.STRING ? node.value : null),
};

/** A date and time of RFC 3339, section 5.6. */
const DATE_TIME = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/i;

function toDate(value: unknown): Date {
  const [text, day] = (typeof value === 'string' && value.length <= 40 && DATE_TIME.exec(value)) || [];
  const date = new Date(text ?? Number.NaN);
  // JavaScript takes 31 February for 3 March.
  const isDay = day !== undefined && new Date(`${day}T00:00:00Z`).toJSON()?.startsWith(day) === true;
  if (!isDay || Number.isNaN(date.getTime()))
    throw new GraphQLError('A DateTime is written like "2026-05-01T12:00:00.000Z".');
  return date;
}

/** The API: schema/*.graphql with what the features resolve. */
export function buildSchema(): GraphQLSchema {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.graphql'));
  const schema = makeExecutableSchema({
    typeDefs: files.map((name) => readFileSync(new URL(name, FOLDER), 'utf8')),
    resolvers: [
      { DateTime: dateTime },
      nodeResolvers,
      accountResolvers,
      peopleResolvers,
      photoResolvers,
      feedResolvers,
      activityResolvers,
      moderationResolvers,
      discoveryResolvers,
      placeResolvers,
      hashtagResolvers,
      deletionResolvers,
      dataExportResolvers,
    ],
    inheritResolversFromInterfaces: false,
    resolverValidationOptions: { requireResolversToMatchSchema: 'error' },
  });
  clearLoadersForMutations(schema);
  countCostlyWork(schema);
  stopAbortedQueries(schema);
  return schema;
}

/**
 * The mutations of one operation run one after the other, each with what its payload selects. Each begins with loaders
 * that have read nothing, because it must see what those before it have changed. What it has loaded itself before its
 * change, it clears.
 */
function clearLoadersForMutations(schema: GraphQLSchema): void {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const { resolve } = field;
    if (!resolve) continue;
    field.resolve = (source, args, context: Context, info) => {
      context.loaders.clear();
      return resolve(source, args, context, info);
    };
  }
}

/** Lets the context know what the costly fields do, because it goes on when their client has left (turns.ts). */
function countCostlyWork(schema: GraphQLSchema): void {
  for (const name of Object.keys(FIELD_COSTS)) {
    const [typeName = '', fieldName = ''] = name.split('.');
    const type = schema.getType(typeName);
    const field = isObjectType(type) ? type.getFields()[fieldName] : undefined;
    const resolve = field?.resolve;
    if (!field || !resolve) continue;
    field.resolve = (source, args, context: Context, info) => {
      const result = resolve(source, args, context, info);
      if (result instanceof Promise) context.addCostly(result);
      return result;
    };
  }
}

/**
 * Ends a query whose client has left: its next resolvers never answer, and the executor waits for it no longer. Errors
 * would cost much more, one for each field. What they are waiting for goes on, because other requests may wait for the
 * same. Only resolvers of objects are wrapped: without an object nothing of it is resolved, and asking for each of its
 * fields took 7 % of a home feed's time.
 */
function stopAbortedQueries(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const { resolve } = field;
      if (!resolve || isLeafType(getNamedType(field.type))) continue;
      field.resolve = (source, args, context: Context, info) => {
        if (context.signal.aborted) return new Promise(() => {});
        return resolve(source, args, context, info);
      };
    }
  }
}
