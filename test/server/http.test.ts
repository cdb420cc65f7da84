import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { send } from '../support/client.ts';
import { startProcess, type TestProcess } from '../support/darkroom.ts';
import { ask, greet, openTcp } from '../support/wire.ts';

const url = inject('url');
const HTML = { accept: 'text/html,application/xhtml+xml' };

test('GET /health answers 200 while the stores answer', async () => {
  const response = await fetch(new URL('/health', url));
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ postgres: true, redis: true });
});

test('web pages of any origin may send requests', async () => {
  const response = await fetch(url, {
    method: 'OPTIONS',
    headers: {
      origin: 'https://app.example.org',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  });
  expect(response.status).toBe(204);
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  expect(response.headers.get('access-control-allow-methods')).toContain('POST');
  expect(response.headers.get('access-control-allow-headers')?.toLowerCase()).toBe('authorization,content-type');
  expect(Number(response.headers.get('access-control-max-age'))).toBeGreaterThan(0);
  const answer = await fetch(url, {
    method: 'POST',
    headers: { origin: 'https://app.example.org', 'content-type': 'application/json' },
    body: '{"query":"{ __typename }"}',
  });
  expect(answer.headers.get('access-control-allow-origin')).toBe('*');
});

test('a request that a foreign HTML form could send is not executed', async () => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: '{"query":"{ __typename }"}',
  });
  expect(response.status).toBeGreaterThanOrEqual(400);
  expect(await response.text()).not.toContain('"data"');
});

test('a query may be sent with a plain GET, but not by a foreign web page', async () => {
  const get = async (site: string | undefined) => {
    // `fetch` of Node may not set this header.
    const socket = await openTcp(url);
    const header = site === undefined ? '' : `Sec-Fetch-Site: ${site}\r\n`;
    socket.write(`GET /graphql?query={__typename} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${header}\r\n`);
    const answer = await text(socket);
    return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
  };
  expect([await get(undefined), await get('same-origin'), await get('none')]).toEqual([200, 200, 200]);
  expect([await get('cross-site'), await get('same-site'), await get('nonsense')]).toEqual([400, 400, 400]);
});

test('a browser gets the Sandbox, on a page that explains itself without Apollo’s servers', async () => {
  const response = await fetch(url, { headers: HTML });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/html/);
  const page = await response.text();
  expect(page).toContain('<title>Darkroom</title>');
  expect(page).toContain('embeddable-sandbox');
  // The text that is shown without any script.
  const words = page.replace(/<(script|style)[\s\S]*?<\/\1>/g, ' ').replace(/<[^>]+>/g, ' ');
  expect(words).toContain('This is the GraphQL API of a photo-sharing network.');
  expect(words).toContain('which your browser cannot reach at the moment');
  expect(words).toContain('Authorization: Bearer TOKEN');
  expect(words).toContain('graphql-ws');
});

interface Described {
  name: string;
  description: string | null;
}
type WithArgs = Described & { args: Described[] };
type Type = Described & {
  fields: WithArgs[] | null;
  inputFields: Described[] | null;
  enumValues: Described[] | null;
};

test('every type, field, argument, input field, enum value and directive has a description', async () => {
  const { data } = await send<{ __schema: { types: Type[]; directives: WithArgs[] } }>(
    url,
    `{ __schema {
      types { name description
        inputFields(includeDeprecated: true) { name description }
        enumValues(includeDeprecated: true) { name description }
        fields(includeDeprecated: true) { name description args(includeDeprecated: true) { name description } } }
      directives { name description args { name description } }
    } }`,
  );
  if (!data) throw new Error('There is no introspection.');
  const { types, directives } = data.__schema;
  const all = types
    .filter((type) => !type.name.startsWith('__'))
    .flatMap((type) => [
      { path: type.name, ...type },
      ...[...(type.fields ?? []), ...(type.inputFields ?? []), ...(type.enumValues ?? [])].map((part) => ({
        path: `${type.name}.${part.name}`,
        ...part,
      })),
      ...(type.fields ?? []).flatMap((field) =>
        field.args.map((argument) => ({ path: `${type.name}.${field.name}(${argument.name})`, ...argument })),
      ),
    ]);
  all.push(
    ...directives.flatMap((directive) => [
      { path: `@${directive.name}`, ...directive },
      ...directive.args.map((argument) => ({ path: `@${directive.name}(${argument.name})`, ...argument })),
    ]),
  );
  expect(all.length).toBeGreaterThan(150);
  expect(all.filter(({ description }) => !description?.trim()).map(({ path }) => path)).toEqual([]);
});

let production: TestProcess;
beforeAll(async () => {
  production = await startProcess(['api'], { ...inject('env'), NODE_ENV: 'production' });
});
afterAll(() => production.end('SIGTERM'));

test('in production introspection is off, over HTTP and over WebSocket', async () => {
  const socket = await greet(production.url);
  for (const query of ['{ __schema { types { name } } }', '{ __type(name: "User") { name kind } }']) {
    const { data, errors } = await send(production.url, query);
    expect(data).toBeNull();
    expect(errors[0]?.message).toMatch(/introspection/i);
    const overSocket = await ask(socket, query);
    expect(overSocket.data ?? null).toBeNull();
    expect(overSocket.errors?.[0]?.message).toMatch(/introspection/i);
  }
  // Whether a type exists is not told either.
  for (const name of ['User', 'Nothing']) {
    const query = `{ __type(name: "${name}") { name description isOneOf } }`;
    for (let time = 0; time < 12; time++) {
      expect(await send(production.url, query)).toEqual({ status: 200, data: { __type: null }, errors: [] });
    }
    expect(await ask(socket, query)).toEqual({ data: { __type: null } });
  }
  // Ordinary operations still work.
  expect((await send(production.url, '{ __typename me { email } }')).data).toEqual({ __typename: 'Query', me: null });
  expect(await ask(socket, '{ __typename me { email } }')).toEqual({ data: { __typename: 'Query', me: null } });
  socket.socket.close();
});

test('in production no error message suggests names of the schema', async () => {
  const { errors } = await send(production.url, '{ me { emial } }');
  expect(errors[0]?.message).toMatch(/Cannot query field "emial"/);
  expect(errors[0]?.message).not.toContain('Did you mean');
  const socket = await greet(production.url);
  const overSocket = await ask(socket, '{ me { emial } }');
  expect(overSocket.errors?.[0]?.message).toBe(errors[0]?.message);
  // Values of variables are compared with names of the schema too, in subscriptions as well.
  const subscription = `subscription ($size: ImageSize!) { photosNear(latitude: 0, longitude: 0, radiusMeters: 10) {
    photo { image(size: $size) { url } } } }`;
  const ofVariable = await ask(socket, subscription, { size: 'SQUARE_15' });
  expect(ofVariable.errors?.[0]?.message).toContain('Value "SQUARE_15" does not exist in "ImageSize" enum.');
  expect(ofVariable.errors?.[0]?.message).not.toContain('Did you mean');
  socket.socket.close();
});

test('in production there is no Sandbox', async () => {
  const response = await fetch(production.url, { headers: HTML });
  expect(response.status).toBeGreaterThanOrEqual(400);
  const text = await response.text();
  expect(text).not.toMatch(/sandbox|<html|apollographql/i);
});
