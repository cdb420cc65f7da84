import { serverAudits } from 'graphql-http';
import { expect, inject, test } from 'vitest';
import { startProcess } from '../support/darkroom.ts';

/** Runs the audits of GraphQL over HTTP. @returns those that are not ok, and their number in total */
async function audit(url: string): Promise<{ failed: unknown[]; count: number }> {
  const results = [];
  for (const { fn } of serverAudits({ url })) results.push(await fn());
  return { failed: results.filter(({ status }) => status !== 'ok'), count: results.length };
}

const ALL_OK = { failed: [], count: 61 };

test('the server passes all audits of GraphQL over HTTP', async () => {
  expect(await audit(inject('url'))).toEqual(ALL_OK);
});

test('the server passes all audits of GraphQL over HTTP in production', async () => {
  const api = await startProcess(['api'], { ...inject('env'), NODE_ENV: 'production' });
  expect(await audit(api.url)).toEqual(ALL_OK);
  expect(await api.end('SIGTERM')).toBe(0);
});
