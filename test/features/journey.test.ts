import { pino } from 'pino';
import { expect, inject, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { openStores } from '../../src/stores/stores.ts';
import { newPerson } from '../support/people.ts';
import { share } from '../support/photos.ts';
import { untilListening } from '../support/rows.ts';

test('a new photo reaches a follower’s feed and their subscription', async () => {
  const url = inject('url');
  const stores = await openStores(loadConfig(inject('env')), pino({ level: 'silent' }));
  const [author, follower] = await Promise.all([newPerson(url, 'author'), newPerson(url, 'follower')]);
  await follower.follow(author);
  const feed = await follower.subscribe<{ homeFeed: { photo: { id: string; caption: string } } }>(
    'subscription { homeFeed { cursor photo { id caption } } }',
  );
  await untilListening(stores, follower);
  const nextEvent = feed.next();
  const id = await share(author, 'Good morning');
  expect((await nextEvent).homeFeed.photo).toEqual({ id, caption: 'Good morning' });
  feed.close();

  const { data } = await follower.send('{ homeFeed { nodes { id owner { username } } pageInfo { hasNextPage } } }');
  expect(data).toEqual({
    homeFeed: { nodes: [{ id, owner: { username: author.username } }], pageInfo: { hasNextPage: false } },
  });
  await stores.close();
});
