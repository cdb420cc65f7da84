/** The limits of src/server/budget.ts alone; limits.test.ts shows that HTTP and WebSocket apply them. */
import { readdirSync, readFileSync } from 'node:fs';
import { buildSchema, parse } from 'graphql';
import { expect, test } from 'vitest';
import { checkBudget } from '../../src/server/budget.ts';

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
  `The answer to this query could hold ${values} values; 25,000 are allowed. ` +
  'Ask for smaller pages, written into the query, or for fewer fields, or nest fewer lists.';

test.for([
  ['no query of 14 levels', chain(4, 1), []],
  ['a query of more than 15 levels', chain(5, 1), ['A query may be at most 15 levels deep.']],
  ['no query of 50 aliases', `{ ${aliases(50)} }`, []],
  ['a query of 51 aliases', `{ ${aliases(51)} }`, ['A query may have at most 50 aliases.']],
  ['no lists of 100 × 80', '{ homeFeed(first: 100) { nodes { comments(first: 80) { nodes { id } } } } }', []],
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

test('a page size that is a variable counts as the largest page', () => {
  const query = (first: string) => `query ($first: Int!) { node(id: "x") { ... on Photo {
    comments(first: ${first}) { nodes { photo { comments(first: ${first}) { nodes { photo {
      comments(first: ${first}) { nodes { id } } } } } } } } } } }`;
  expect(refusals(query('1'))).toEqual([]);
  expect(refusals(query('$first'))).toEqual([tooMany('3,040,402')]);
});
