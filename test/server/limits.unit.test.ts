/** The limits of src/server/budget.ts alone; limits.test.ts shows that HTTP and WebSocket apply them. */
import { readdirSync, readFileSync } from 'node:fs';
import { buildSchema, parse } from 'graphql';
import { expect, test } from 'vitest';
import { checkBudget, checkSizeWithVariables, checkVariableValues, measureOperation } from '../../src/server/budget.ts';
import { toOperation } from '../support/operations.ts';

const FOLDER = new URL('../../schema/', import.meta.url);
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.graphql'));
const schema = buildSchema(files.map((name) => readFileSync(new URL(name, FOLDER), 'utf8')).join('\n'));

/** What the rules report about a query. */
function refusals(query: string): string[] {
  const error = checkBudget(schema, parse(query));
  return error ? [error.message] : [];
}

/** Comments of photos of comments, three levels a link. */
function chain(links: number, first: number): string {
  const open = `comments(first: ${first}) { nodes { photo { `.repeat(links);
  return `{ node(id: "x") { ... on Photo { ${open} id ${'} } } '.repeat(links)} } } }`;
}

/** The refusal of a query whose answer could hold so many values. */
const tooMany = (values: string) =>
  `The answer to this query could hold ${values} values; 18,000 are allowed. ` +
  'Ask for smaller pages or fewer fields, or nest fewer lists.';

test.for([
  ['no query of 14 levels', chain(4, 1), []],
  ['a query of more than 15 levels', chain(5, 1), ['A query may be at most 15 levels deep.']],
  ['no query of 50 aliases', `{ ${aliases(50)} }`, []],
  ['a query of 51 aliases', `{ ${aliases(51)} }`, ['A query may have at most 50 aliases.']],
  ['no lists of 100 × 45', '{ homeFeed(first: 100) { nodes { comments(first: 45) { nodes { id } } } } }', []],
  [
    'lists of 100 × 100',
    '{ homeFeed(first: 100) { nodes { comments(first: 100) { nodes { id } } } } }',
    [tooMany('30,301')],
  ],
  ['lists of 50 × 50 × 50', chain(3, 50), [tooMany('510,202')]],
] as const)('%s is refused', ([, query, messages]) => {
  expect(refusals(query)).toEqual(messages);
});

function aliases(count: number): string {
  return Array.from({ length: count }, (_, index) => `a${index}: __typename`).join(' ');
}

test('a page size in a variable counts as what it is, and as the largest page without one', () => {
  const { document, operation } = toOperation(`query ($first: Int) { node(id: "x") { ... on Photo {
    comments(first: $first) { nodes { photo { comments(first: $first) { nodes { photo {
      comments(first: $first) { nodes { id } } } } } } } } } } }`);
  expect(checkBudget(schema, document)).toBeNull();
  const check = (variables?: Record<string, unknown>) =>
    checkSizeWithVariables(measureOperation(schema, document, operation, variables))?.message ?? null;
  expect(check({ first: 1 })).toBeNull();
  expect(check({ first: -1 })).toBeNull();
  for (const variables of [undefined, {}, { first: null }, { first: 100 }, { first: '1' }]) {
    expect(check(variables)).toBe(tooMany('3,040,402'));
  }
});

test('variables hold no more than so many values, wherever they are', () => {
  expect(checkVariableValues({ ids: Array(1_999).fill('id'), text: 'x'.repeat(100_000), none: undefined })).toBeNull();
  const message = 'The variables of an operation may hold at most 2,000 values.';
  const deep = JSON.parse(`${'['.repeat(2_001)}${']'.repeat(2_001)}`);
  for (const variables of [
    { ids: Array(2_000).fill('id') },
    { input: { none: null, lists: Array(50).fill(Array(50).fill({})) } },
    Object.fromEntries(Array.from({ length: 2_001 }, (_, index) => [`name${index}`, null])),
    { deep },
  ]) {
    expect(checkVariableValues(variables)?.message).toBe(message);
  }
});

const PHOTO = `id caption width height thumbhash image(size: WIDTH_640) { url } likeCount commentCount viewerHasLiked
  owner { id username displayName avatar { url } } location { latitude longitude place { id name } }`;

/** What the pages of an app ask for, generously: with page sizes in variables, which count as the largest. */
const SCREENS = [
  [
    'explore page',
    `query ($first: Int!, $text: String!) {
      me { user { id avatar { url } } unreadActivityCount }
      popular(first: $first) { nodes { ${PHOTO} } pageInfo { endCursor hasNextPage } }
      searchHashtags(text: $text, first: 10) {
        name photoCount viewerFollows photos(first: 3) { nodes { id image(size: SQUARE_150) { url } } }
      }
    }`,
    37,
  ],
  [
    'hashtag page',
    `query ($name: String!, $first: Int!) {
      me { user { id } unreadActivityCount followedHashtags(first: 24) { nodes { name photoCount } } }
      hashtag(name: $name) {
        name photoCount viewerFollows related(first: 10) { name photoCount }
        photos(first: $first) { nodes { ${PHOTO} } pageInfo { endCursor hasNextPage } }
      }
    }`,
    30.5,
  ],
  [
    'place page with a map',
    `query ($id: ID!, $first: Int!, $latitude: Float!, $longitude: Float!) {
      node(id: $id) { ... on Place {
        id name latitude longitude photos(first: $first) { nodes { ${PHOTO} } pageInfo { endCursor } } } }
      photosInBox(south: 1, west: 2, north: 3, east: 4, first: 50) {
        nodes { id location { latitude longitude } image(size: SQUARE_150) { url } } }
      placesNear(latitude: $latitude, longitude: $longitude, first: 20) { distanceMeters place { id name } }
    }`,
    20,
  ],
  [
    'home page',
    `query ($first: Int!) {
      me { unreadActivityCount user { id username avatar { url } } }
      homeFeed(first: $first) { nodes { ${PHOTO} comments(first: 3) { nodes { id text author { username } } } } }
      activity(first: 5) { nodes { kind actors { username avatar { url } } photo { id } comment { text } } }
    }`,
    10,
  ],
] as const;

test.for(SCREENS)('the %s costs far less than is allowed', ([, query, cost]) => {
  expect(refusals(query)).toEqual([]);
  const { document, operation } = toOperation(query);
  expect(measureOperation(schema, document, operation).cost).toBe(cost);
  expect(cost).toBeLessThan(40);
});

test.for([
  ['searches', 'searchHashtags(text: "a") { name }', 11],
  ['related hashtags', 'hashtag(name: "a") { related { name } }', 11],
  ['related hashtags of related hashtags', 'hashtag(name: "a") { related(first: 10) { related { name } } }', 1],
  ['hashtags’ photos', 'searchHashtags(text: "a", first: 50) { photos { nodes { id } } }', 1],
  ['log-ins', 'logIn(input: { login: "a", password: "b" }) { token }', 11, 'mutation'],
  ['home feeds', 'homeFeed { nodes { id } }', 21],
  ['activity lists', 'activity { nodes { kind } }', 21],
] as const)('too many %s are refused', ([, field, count, kind = 'query']) => {
  const query = (times: number) =>
    `${kind} { ${Array.from({ length: times }, (_, n) => `a${n}: ${field}`).join(' ')} }`;
  expect(refusals(query(count))[0]).toMatch(/^This operation costs [\d.]+; 100 is allowed\. Fields cost, /);
  if (count > 1) expect(refusals(query(count - 1))).toEqual([]);
});
