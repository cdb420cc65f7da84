import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { UnreadAnswers } from '../../src/server/unread.ts';

const sockets = (count: number) => Array.from({ length: count }, () => new PassThrough());

test('when clients leave too much unread, those are cut off for which most waits, the oldest first', () => {
  const unread = new UnreadAnswers(100);
  const [small, old, large, other] = sockets(4) as [PassThrough, PassThrough, PassThrough, PassThrough];
  unread.add(small, 10);
  unread.add(old, 40);
  unread.add(large, 40);
  expect(old.destroyed).toBe(false);
  unread.add(other, 30);
  expect([small, old, large, other].map(({ destroyed }) => destroyed)).toEqual([false, true, false, false]);
});

test('what has been read does not count', () => {
  const unread = new UnreadAnswers(100);
  const [one, other] = sockets(2) as [PassThrough, PassThrough];
  for (let answer = 0; answer < 10; answer++) {
    const isRead = unread.add(one, 60);
    isRead();
    isRead();
  }
  unread.add(other, 100);
  expect([one, other].map(({ destroyed }) => destroyed)).toEqual([false, false]);
});

test('an answer that is larger than all may be is cut off', () => {
  const [socket] = sockets(1) as [PassThrough];
  new UnreadAnswers(100).add(socket, 101);
  expect(socket.destroyed).toBe(true);
});
