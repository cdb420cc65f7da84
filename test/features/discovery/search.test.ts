import { expect, inject, test } from 'vitest';
import { attempt } from '../../support/backstage.ts';
import { send } from '../../support/client.ts';
import { newPerson, unique } from '../../support/people.ts';
import { share } from '../../support/photos.ts';

const url = inject('url');

interface Found {
  search: { __typename: string; username?: string; name?: string }[];
}

async function find(text: string, first = 20) {
  const query = `query ($text: String!, $first: Int) { search(text: $text, first: $first) {
    __typename ... on User { username } ... on Hashtag { name } ... on Place { name } } }`;
  return send<Found>(url, query, { text, first });
}

test('one search finds people, hashtags and places by their names', async () => {
  const [person, word] = [await newPerson(url), `q${unique()}`];
  await attempt(person, 'changeUsername', { username: word }, 'user { id }');
  const point = { latitude: Math.random() * 100 - 50, longitude: Math.random() * 300 - 150 };
  await share(person, `#${word} #${word}s`, { ...point, placeName: `Bar ${word}` });
  const user = { __typename: 'User', username: word };
  const hashtag = { __typename: 'Hashtag', name: word };
  const place = { __typename: 'Place', name: `Bar ${word}` };
  const more = { __typename: 'Hashtag', name: `${word}s` };
  const findOwn = async (text: string, first?: number) => {
    const { data, errors } = await find(text, first);
    expect(errors).toEqual([]);
    return data?.search.filter((one) => JSON.stringify(one).includes(word));
  };
  expect(await findOwn(word)).toEqual([user, hashtag, place, more]);
  expect(await findOwn(word.toUpperCase(), 2)).toEqual([user, hashtag]);
  expect(await findOwn(`@${word}`)).toEqual([user]);
  expect(await findOwn(`#${word}`)).toEqual([hashtag, more]);
});

test('any text gets either a list or an error that says what is allowed', async () => {
  for (const text of ['q', '%', "'", '_', '\\', '";--', '#', '@', '', ' ', 'x'.repeat(101), 'a\0b', '🙂']) {
    const { data, errors } = await find(text);
    if (errors.length === 0) expect(Array.isArray(data?.search)).toBe(true);
    else
      expect([text, errors[0]?.extensions.code, errors[0]?.message]).toEqual([
        text,
        'BAD_USER_INPUT',
        expect.stringContaining('"text"'),
      ]);
  }
  for (const first of [0, 51]) expect((await find('a', first)).errors[0]?.message).toContain('"first"');
});
