/** Exceptions that nothing catches. A debugger provokes them, because no request is known that does. */
import { once } from 'node:events';
import { expect, inject, test } from 'vitest';
import { WebSocket } from 'ws';
import { send } from '../support/client.ts';
import { startProcess, type TestProcess } from '../support/darkroom.ts';
import { until } from '../support/until.ts';

const PROVOKE = {
  exception: 'setImmediate(() => { throw new Error("provoked") })',
  rejection: 'void Promise.reject(new Error("provoked"))',
};

/** Starts an api. @returns it, and a function that runs code in it */
async function startDebugged(): Promise<{ api: TestProcess; run: (...code: string[]) => Promise<void> }> {
  const api = await startProcess(['api'], { ...inject('env'), NODE_OPTIONS: '--inspect=127.0.0.1:0' });
  const address = await until(async () => /Debugger listening on (ws:\S+)/.exec(api.log())?.[1]);
  const run = async (...code: string[]) => {
    const socket = new WebSocket(address);
    await once(socket, 'open');
    for (const [id, expression] of code.entries()) {
      socket.send(JSON.stringify({ id, method: 'Runtime.evaluate', params: { expression } }));
      await once(socket, 'message');
    }
    // A process does not exit before its debugger is gone.
    socket.close();
    await once(socket, 'close');
  };
  return { api, run };
}

/** The faults in a process's log. */
function faults(api: TestProcess): { level: number; faults: number; err: { message: string } }[] {
  const lines = api.log().split('\n');
  return lines.filter((line) => line.includes('"faults":')).map((line) => JSON.parse(line));
}

test('an exception that nothing catches is logged, and the process goes on', async () => {
  const { api, run } = await startDebugged();
  await run(PROVOKE.exception, PROVOKE.rejection);
  const logged = await until(async () => {
    const found = faults(api);
    return found.length === 2 && found;
  });
  expect(logged).toMatchObject([
    { level: 60, faults: 1, err: { message: 'provoked' } },
    { level: 60, faults: 2, err: { message: 'provoked' } },
  ]);
  expect((await send(api.url, '{ __typename }')).data).toEqual({ __typename: 'Query' });
  expect(await api.end('SIGTERM')).toBe(0);
});

test('a process whose faults repeat ends, so that a fresh one can take its place', async () => {
  const { api, run } = await startDebugged();
  await run(...Array.from({ length: 11 }, () => PROVOKE.exception));
  expect(await api.untilEnded()).toBe(1);
  expect(faults(api)).toHaveLength(11);
  await api.end('SIGTERM');
});

test('a process whose port is in use does not start', async () => {
  const api = await startProcess(['api'], inject('env'));
  const second = startProcess(['api'], { ...inject('env'), PORT: new URL(api.url).port });
  await expect(second).rejects.toThrow(/EADDRINUSE/);
  expect(await api.end('SIGTERM')).toBe(0);
});
