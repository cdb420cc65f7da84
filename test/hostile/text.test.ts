import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  getNamedType,
  getNullableType,
  isCompositeType,
  isInputObjectType,
  isListType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { setModerator } from '../../src/features/moderation/actions.ts';
import { setLocation } from '../../src/features/places/locations.ts';
import { buildSchema } from '../../src/server/schema.ts';
import type { Stores } from '../../src/stores/stores.ts';
import { attempt, openBackstage, userErrorsOf } from '../support/backstage.ts';
import { send } from '../support/client.ts';
import { newPerson, unique } from '../support/people.ts';
import { createUpload, newJpeg } from '../support/photos.ts';
import { somewhere } from '../support/places.ts';
import { insertPhoto, rowId } from '../support/rows.ts';
import { ask, greet } from '../support/wire.ts';

const url = inject('url');
const BYTES = 200_000;

/** 200 KB each, as JSON. */
const TEXTS: Record<string, string> = {
  'combining marks': '\u0301\u0316'.repeat(BYTES / 4),
  '#': '#'.repeat(BYTES),
  '@': '@'.repeat(BYTES),
  spaces: ' '.repeat(BYTES),
  // JSON.stringify writes each as \ud800.
  'half surrogates': '\ud800'.repeat(BYTES / 6),
};

/** An argument, or a field of an input within it, that takes a String or an ID. */
interface Position {
  /** The object type whose field has the argument. */
  type: string;
  field: string;
  /** The path from the argument. */
  path: string[];
  scalar: string;
}

const schema = buildSchema();
const objectTypes = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type));
const positions: Position[] = objectTypes
  .filter((type) => !type.name.startsWith('__'))
  .flatMap((type) =>
    Object.values(type.getFields()).flatMap((field) =>
      field.args.flatMap((argument) =>
        textsWithin(argument).map(({ path, scalar }) => ({ type: type.name, field: field.name, path, scalar })),
      ),
    ),
  );

function textsWithin({ name, type }: GraphQLArgument | GraphQLInputField): Pick<Position, 'path' | 'scalar'>[] {
  const named = getNamedType(type);
  if (isInputObjectType(named)) {
    const within = Object.values(named.getFields()).flatMap(textsWithin);
    return within.map(({ path, scalar }) => ({ path: [name, ...path], scalar }));
  }
  return ['String', 'ID'].includes(named.name) ? [{ path: [name], scalar: named.name }] : [];
}

let stores: Stores;
/** Valid values of arguments and input fields, as GraphQL literals. Those that are not here have none of their own. */
let samples: Record<string, string>;
/** Where the objects are whose fields have arguments. */
let entries: Record<string, (selection: string) => string>;

beforeAll(async () => {
  stores = await openBackstage();
  const owner = await newPerson(url);
  const { photoId, publishedId } = await insertPhoto(stores, rowId(owner.id));
  await stores.db.$transaction((tx) =>
    setLocation(
      tx,
      { id: photoId, ownerId: rowId(owner.id), publishedId },
      { ...somewhere(), precision: 'EXACT', name: 'Café' },
    ),
  );
  const { data } = await owner.send<{
    me: { user: { photos: { nodes: { id: string; location: { place: { id: string } } }[] } } };
  }>('{ me { user { photos { nodes { id location { place { id } } } } } } }');
  const [photo] = data?.me.user.photos.nodes ?? [];
  const { comment } = await owner.mutate<{ comment: { id: string } }>(
    'addComment',
    'AddCommentInput',
    { photoId: photo?.id, text: 'a comment' },
    'comment { id }',
  );
  const quoted = {
    userId: owner.id,
    subjectId: owner.id,
    photoId: photo?.id,
    id: photo?.id,
    commentId: comment.id,
    name: 'sunset',
    username: `person.${unique()}`,
    email: `${unique()}@example.org`,
    contentType: 'image/jpeg',
    sha256: '0'.repeat(64),
  };
  samples = {
    ...Object.fromEntries(Object.entries(quoted).map(([name, value]) => [name, JSON.stringify(value)])),
    north: '2',
    east: '2',
    radiusMeters: '100',
  };
  const node = (id: string | undefined, type: string) => (selection: string) =>
    `node(id: "${id}") { ... on ${type} { ${selection} } }`;
  entries = {
    User: node(owner.id, 'User'),
    Photo: node(photo?.id, 'Photo'),
    Place: node(photo?.location.place.id, 'Place'),
    Viewer: (selection) => `me { ${selection} }`,
    Hashtag: (selection) => `hashtag(name: "sunset") { ${selection} }`,
    Query: (selection) => selection,
    Mutation: (selection) => selection,
    Subscription: (selection) => selection,
  };
});

afterAll(() => stores.close());

/** The path of a value that does not hold the variable. */
const ELSEWHERE = ['nowhere'];

/** A value of an input type that is valid except for the variable `$text` at a path. */
function literal(name: string, type: GraphQLInputType, path: readonly string[], own: Record<string, string>): string {
  const named = getNamedType(type);
  if (isInputObjectType(named)) {
    const [next] = path;
    const given = Object.values(named.getFields()).filter(
      (field) =>
        field.name === next ||
        isRequiredInputField(field) ||
        // The name of a place comes with its point.
        (next === 'placeName' && ['latitude', 'longitude'].includes(field.name)),
    );
    const fields = given.map((field) => {
      const rest = field.name === next ? path.slice(1) : ELSEWHERE;
      return `${field.name}: ${literal(field.name, field.type, rest, own)}`;
    });
    return `{ ${fields.join(', ')} }`;
  }
  if (path.length === 0) return isListType(getNullableType(type)) ? '[$text]' : '$text';
  if (own[name] !== undefined) return own[name];
  if (samples[name] !== undefined) return samples[name];
  if (named.name === 'String') return '"some text"';
  if (named.name === 'Int' || named.name === 'Float') return '1';
  if ('getValues' in named) return named.getValues()[0]?.name ?? '';
  throw new Error(`There is no sample of ${name}: add one.`);
}

function fieldOf(type: string, field: string) {
  const found = objectTypes.find(({ name }) => name === type)?.getFields()[field];
  if (!found) throw new Error(`There is no ${type}.${field}.`);
  return found;
}

/** The document that has the variable `$text` at a position, and otherwise valid input. */
function documentFor({ type, field, path, scalar }: Position, own: Record<string, string>): string {
  const { args, type: result } = fieldOf(type, field);
  const given = args.filter((arg) => arg.name === path[0] || isRequiredArgument(arg));
  const literals = given.map((arg) => {
    const rest = arg.name === path[0] ? path.slice(1) : ELSEWHERE;
    return `${arg.name}: ${literal(arg.name, arg.type, rest, own)}`;
  });
  const selection = type === 'Mutation' ? '{ userErrors { code field } }' : '{ __typename }';
  const entry = entries[type];
  if (!entry) throw new Error(`There is no way to a ${type}: add it to the entries.`);
  const operation = ['Mutation', 'Subscription'].includes(type) ? type.toLowerCase() : 'query';
  const call = `${field}(${literals.join(', ')}) ${isCompositeType(getNamedType(result)) ? selection : ''}`;
  return `${operation} ($text: ${scalar}!) { ${entry(call)} }`;
}

interface Payload {
  userErrors: { code: string; field: string[] }[];
}

test.for(
  positions.map((position) => [`${position.type}.${position.field} ${position.path.join('.')}`, position] as const),
)('%s refuses 200 KB of text of any kind', async ([, position]) => {
  // A person of its own, whose attempts at a password count for no other test.
  const person = await newPerson(url);
  await setModerator(stores, person.username, true, 'for a test');
  const upload = await createUpload(person, await newJpeg());
  const document = documentFor(position, { uploadId: JSON.stringify(upload.id) });
  for (const [kind, text] of Object.entries(TEXTS)) {
    const headers = { authorization: `Bearer ${person.token}`, 'x-forwarded-for': `test-${unique()}` };
    const { data, errors } =
      position.type === 'Subscription'
        ? await subscribe(person.token, document, text)
        : await send(url, document, { text }, headers);
    const codes = (errors ?? []).map((error) => error.extensions.code);
    const answer = { kind, document, codes, data };
    if (codes.length > 0) {
      expect({ ...answer, codes: [...new Set(codes)] }).toMatchObject({ codes: ['BAD_USER_INPUT'] });
    } else if (position.type === 'Mutation') {
      const { userErrors } = (data as Record<string, Payload>)[position.field] ?? { userErrors: [] };
      expect(userErrors, JSON.stringify(answer)).toHaveLength(1);
      // A log-in does not say what was wrong.
      const field =
        userErrors[0]?.code === 'WRONG_CREDENTIALS' && position.field === 'logIn' ? [] : position.path.slice(1);
      expect({ kind, field: userErrors[0]?.field }).toEqual({ kind, field });
    } else {
      expect(answer).toMatchObject({ data: { [position.field]: null } });
    }
  }
  const { data } = await person.send('{ me { user { username } } }');
  expect(data).toEqual({ me: { user: { username: person.username } } });
});

/** Tries to subscribe. @returns the answer */
async function subscribe(token: string, document: string, text: string) {
  const socket = await greet(url, token);
  try {
    const { data = null, errors = [] } = await ask(socket, document, { text });
    return { data, errors };
  } finally {
    socket.socket.close();
  }
}

test('a text with more than 30 combining marks in a row is refused, however short it is', async () => {
  const person = await newPerson(url);
  const upload = await createUpload(person, await newJpeg());
  for (const count of [30, 31]) {
    const text = `e${'\u0301\u0316'.repeat(count).slice(0, count)}`;
    const input = { uploadId: upload.id, caption: text };
    const published = await attempt(person, 'publishPhoto', input, 'photo { id }');
    const { errors } = await person.send('query ($text: String!) { search(text: $text) { __typename } }', { text });
    // The file of the upload was never sent, which is found after the caption.
    expect(userErrorsOf(published)).toEqual([count === 30 ? 'NOT_UPLOADED uploadId' : 'INVALID caption']);
    expect(errors.map((error) => error.extensions.code)).toEqual(count === 30 ? [] : ['BAD_USER_INPUT']);
  }
});
