import { expect, inject, test } from 'vitest';
import { send } from '../support/client.ts';
import { startProcess } from '../support/darkroom.ts';
import { newPerson } from '../support/people.ts';

test('the first log-in of a process does not end it, although other requests are under way', async () => {
  const api = await startProcess(['api'], inject('env'));
  const person = await newPerson(api.url);
  let isLogging = true;
  const readers = Array.from({ length: 40 }, async () => {
    const answers: unknown[] = [];
    while (isLogging) answers.push((await person.send('{ me { user { username } } }')).data);
    return answers;
  });
  const login = 'mutation { logIn(input: { login: "nobody", password: "a wrong one" }) { userErrors { code } } }';
  const { data } = await send(api.url, login);
  expect(data).toEqual({ logIn: { userErrors: [{ code: 'WRONG_CREDENTIALS' }] } });
  isLogging = false;
  const expected = { me: { user: { username: person.username } } };
  for (const answers of await Promise.all(readers)) {
    expect(answers.length).toBeGreaterThan(0);
    for (const answer of answers) expect(answer).toEqual(expected);
  }
  expect(await api.end('SIGTERM')).toBe(0);
});
