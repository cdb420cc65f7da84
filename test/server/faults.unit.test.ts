import { EventEmitter } from 'node:events';
import { pino } from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import { surviveFaults } from '../../src/server/faults.ts';

afterEach(() => {
  vi.useRealTimers();
});

function watch() {
  const events = new EventEmitter();
  const lines: { level: number; faults: number; err: { message: string } }[] = [];
  const log = pino({ level: 'info' }, { write: (line) => lines.push(JSON.parse(line)) });
  const onTooMany = vi.fn();
  surviveFaults(log, onTooMany, events);
  return { events, lines, onTooMany };
}

test('a fault is logged as fatal, counted, and survived', () => {
  const { events, lines, onTooMany } = watch();
  events.emit('uncaughtException', new Error('first'));
  events.emit('unhandledRejection', 'second');
  events.emit('unhandledRejection', undefined);
  expect(lines).toMatchObject([
    { level: 60, faults: 1, err: { message: 'first' } },
    { level: 60, faults: 2, err: { message: 'second' } },
    { level: 60, faults: 3, err: { message: 'undefined' } },
  ]);
  expect(onTooMany).not.toHaveBeenCalled();
});

test('more than ten faults within a minute end the process, once', () => {
  const { events, onTooMany } = watch();
  for (let fault = 0; fault < 10; fault++) events.emit('uncaughtException', new Error('again'));
  expect(onTooMany).not.toHaveBeenCalled();
  for (let fault = 0; fault < 10; fault++) events.emit('uncaughtException', new Error('again'));
  expect(onTooMany).toHaveBeenCalledOnce();
});

test('faults that happen now and then do not end the process', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const { events, onTooMany } = watch();
  for (let fault = 0; fault < 100; fault++) {
    events.emit('uncaughtException', new Error('again'));
    vi.advanceTimersByTime(7_000);
  }
  expect(onTooMany).not.toHaveBeenCalled();
});
