/** One execution serves all subscribers who would get the same answer, and nobody else. */
import type { FormattedExecutionResult } from 'graphql';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { findSession } from '../../src/features/accounts/sessions.ts';
import { createContext } from '../../src/features/context.ts';
import { createExecutor, type Executor, type Operation, type Texts } from '../../src/server/executor.ts';
import { LARGE_WEIGHT, MAX_WEIGHT_AT_ONCE } from '../../src/server/limits.ts';
import { buildSchema } from '../../src/server/schema.ts';
import { DECIDE_AGAIN_AFTER_MS } from '../../src/server/shared-results.ts';
import { Turns } from '../../src/server/turns.ts';
import type { Stores } from '../../src/stores/stores.ts';
import { attempt, openBackstage } from '../support/backstage.ts';
import { toOperation } from '../support/operations.ts';
import { newPeople, type Person } from '../support/people.ts';
import { insertFannedOut, rowId } from '../support/rows.ts';
import { hashOf } from '../support/sessions.ts';
import { until } from '../support/until.ts';

const url = inject('url');
let stores: Stores;
let executor: Executor;
const turns = new Turns();
/** How often a caption was resolved: once per execution that selects it. */
let executions = 0;
beforeAll(async () => {
  stores = await openBackstage();
  const schema = buildSchema();
  const photo = schema.getType('Photo') as unknown as { getFields(): Record<string, { resolve?: unknown }> };
  (photo.getFields().caption as { resolve: unknown }).resolve = ({ caption }: { caption: string }) => {
    executions++;
    return caption;
  };
  executor = createExecutor(schema, stores, turns);
});
afterAll(() => stores?.close());

const operations = new Map<string, Operation>();

/** Subscribes in this process, where executions can be counted. */
async function listen(person: Person, query: string, variables: Record<string, unknown>) {
  const session = await findSession(stores, hashOf(person.token));
  const operation = { ...(operations.get(query) ?? toOperation(query)), variables };
  operations.set(query, operation);
  const results = await executor.subscribe(
    operation,
    () => createContext(stores, session, ''),
    new AbortController().signal,
    () => false,
  );
  if (!(Symbol.asyncIterator in results)) throw new Error(JSON.stringify(results));
  // Wait for the first event, a gap.
  if (!variables.after) expect((await nextOf([results]))[0]?.photo).toBe(null);
  return results;
}

/** The next event of each, where one comes at a time. */
async function nextOf(all: readonly Texts[]): Promise<Record<string, unknown>[]> {
  const results = await Promise.all(all.map(nextResult));
  return results.map((result) => {
    if (!result.data) throw new Error(`No event came: ${JSON.stringify(result)}`);
    return (result.data as { userPhotos: Record<string, unknown> }).userPhotos;
  });
}

async function nextResult(texts: Texts): Promise<FormattedExecutionResult> {
  const { value } = await texts.next();
  expect(value).toHaveLength(1);
  return JSON.parse(value?.[0] ?? '');
}

const people = (count: number): Promise<Person[]> => newPeople(url, count);

const share = (author: Person): Promise<string> => insertFannedOut(stores, author, 'the caption');

const PLAIN = `subscription ($id: ID!, $after: String) { userPhotos(userId: $id, after: $after) {
  at: cursor isGap photo { id caption likeCount owner { username } image(size: WIDTH_320) { url } } cursor } }`;

test('one execution serves all subscribers of the same query, each with a cursor to resume from', async () => {
  const [author, ...viewers] = (await people(6)) as [Person, ...Person[]];
  const all = await Promise.all(viewers.map((viewer) => listen(viewer, PLAIN, { id: author.id })));
  executions = 0;
  const [photo] = [await share(author)];
  const events = await nextOf(all);
  expect(executions).toBe(1);
  for (const event of events) {
    expect(event).toMatchObject({ isGap: false, photo: { id: photo, caption: 'the caption', likeCount: 0 } });
    expect(event.at).toBe(event.cursor);
  }
  // Another `after` does not make another query.
  const { cursor } = events[0] as { cursor: string };
  const next = await share(author);
  const resumed = await listen(viewers[0] as Person, PLAIN, { id: author.id, after: cursor });
  expect(await nextOf([resumed])).toMatchObject([{ photo: { id: next } }]);
  for (const results of [...all, resumed]) await results.return();
});

test('an answer that depends on the viewer is executed for each viewer', async () => {
  const [author, fan, other] = (await people(3)) as [Person, Person, Person];
  const query = `subscription ($id: ID!) {
    userPhotos(userId: $id) { cursor photo { caption owner { viewerFollows } } }
  }`;
  await fan.follow(author);
  const all = await Promise.all([fan, other].map((viewer) => listen(viewer, query, { id: author.id })));
  executions = 0;
  for (let round = 0; round < 2; round++) {
    await share(author);
    expect((await nextOf(all)).map((event) => event.photo)).toMatchObject([
      { owner: { viewerFollows: true } },
      { owner: { viewerFollows: false } },
    ]);
  }
  expect(executions).toBe(4);
  for (const results of all) await results.return();
});

test('a viewer with a block never shares an execution, because they see other counts', async () => {
  const [author, plain, blocker, blocked] = (await people(4)) as [Person, Person, Person, Person];
  await attempt(blocker, 'block', { userId: blocked.id }, 'user { id }');
  const all = await Promise.all([plain, blocker].map((viewer) => listen(viewer, PLAIN, { id: author.id })));
  executions = 0;
  await share(author);
  const events = await nextOf(all);
  expect(executions).toBe(2);
  expect(events.map((event) => event.photo)).toMatchObject([{ caption: 'the caption' }, { caption: 'the caption' }]);
  for (const results of all) await results.return();
});

test('variables that the answer depends on are executed separately', async () => {
  const [author, one, two] = (await people(3)) as [Person, Person, Person];
  const query = `subscription ($id: ID!, $size: ImageSize!) {
    userPhotos(userId: $id) { cursor photo { caption image(size: $size) { width } } }
  }`;
  const all = await Promise.all([
    listen(one, query, { id: author.id, size: 'WIDTH_320' }),
    listen(two, query, { id: author.id, size: 'SQUARE_150' }),
  ]);
  executions = 0;
  await share(author);
  const events = await nextOf(all);
  expect(executions).toBe(2);
  expect(JSON.stringify(events[0]?.photo)).not.toBe(JSON.stringify(events[1]?.photo));
  for (const results of all) await results.return();
});

test('a client that does not read its output gets RESUME and nothing more', async () => {
  const [author, viewer] = (await people(2)) as [Person, Person];
  const session = await findSession(stores, hashOf(viewer.token));
  const operation = toOperation(PLAIN, { id: author.id });
  let congested = false;
  const results = await executor.subscribe(
    operation,
    () => createContext(stores, session, ''),
    new AbortController().signal,
    () => congested,
  );
  if (!(Symbol.asyncIterator in results)) throw new Error(JSON.stringify(results));
  await nextOf([results]);
  await share(author);
  const [event] = await nextOf([results]);
  congested = true;
  const missed = await share(author);
  const { data, errors } = await nextResult(results);
  expect(data).toBeUndefined();
  expect(errors?.[0]?.extensions?.code).toBe('RESUME');
  expect(await results.next()).toEqual({ done: true, value: undefined });
  const resumed = await listen(viewer, PLAIN, { id: author.id, after: event?.cursor });
  expect(await nextOf([resumed])).toMatchObject([{ photo: { id: missed } }]);
  await resumed.return();
});

/**
 * Subscribes two people with a query that each answers alone. One of them has as many small operations as fit, and one
 * that waits, until `end` is called.
 */
async function subscribeBusyAndFree() {
  const [author, busy, free] = (await people(3)) as [Person, Person, Person];
  const query = `subscription ($id: ID!) { userPhotos(userId: $id) {
    cursor isGap photo { id caption viewerHasLiked } } }`;
  const all = await Promise.all([busy, free].map((viewer) => listen(viewer, query, { id: author.id })));
  const [ofBusy, ofFree] = all as [Texts, Texts];
  const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
  const client = String(rowId(busy.id));
  const run = () => turns.run(client, LARGE_WEIGHT / 2, new AbortController().signal, () => isOver);
  const running = Promise.all(Array.from({ length: MAX_WEIGHT_AT_ONCE / (LARGE_WEIGHT / 2) + 1 }, run));
  return { author, busy, ofBusy, ofFree, running, end };
}

test('what is executed for one subscriber alone waits for their turn, and others do not wait for them', async () => {
  const { author, ofBusy, ofFree, running, end } = await subscribeBusyAndFree();
  const waiting = nextOf([ofBusy]);
  const photos = [await share(author)];
  expect(await nextOf([ofFree])).toMatchObject([{ photo: { id: photos[0] } }]);
  expect(await Promise.race([waiting, new Promise((resolve) => setImmediate(resolve, 'waits'))])).toBe('waits');
  end();
  expect(await waiting).toMatchObject([{ photo: { id: photos[0], viewerHasLiked: false } }]);
  await running;
  for (const results of [ofBusy, ofFree]) await results.return();
});

test('an event that waits for its turn is not delivered once its subscriber may not see it any more', async () => {
  const { author, busy, ofBusy, ofFree, running, end } = await subscribeBusyAndFree();
  const waiting = ofBusy.next();
  await share(author);
  await nextOf([ofFree]);
  const decidedAt = performance.now();
  await attempt(author, 'block', { userId: busy.id }, 'user { id }');
  await until(async () => performance.now() - decidedAt > DECIDE_AGAIN_AFTER_MS);
  end();
  expect(await waiting).toEqual({ done: false, value: [] });
  expect(await ofBusy.next()).toEqual({ done: true, value: undefined });
  await running;
  await ofFree.return();
});
