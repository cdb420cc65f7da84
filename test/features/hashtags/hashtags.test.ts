import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { countHashtag, sweepHashtags } from '../../../src/features/hashtags/hashtag-counts.ts';
import { setModerator } from '../../../src/features/moderation/actions.ts';
import { toGlobalId } from '../../../src/stores/ids.ts';
import type { Stores } from '../../../src/stores/stores.ts';
import { attempt, openBackstage, userErrorsOf } from '../../support/backstage.ts';
import { send } from '../../support/client.ts';
import { newHashtag, photosWith, type SeenHashtag, seeHashtag, setHashtagFollow } from '../../support/hashtags.ts';
import { newPerson, type Person } from '../../support/people.ts';
import { createUpload, newJpeg, put, share } from '../../support/photos.ts';
import { insertPhoto, rowId } from '../../support/rows.ts';
import { until } from '../../support/until.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores.close());

/** Inserts a READY photo without files. @returns its id */
async function insert(owner: Person, caption: string): Promise<string> {
  return toGlobalId('Photo', (await insertPhoto(stores, rowId(owner.id), caption)).photoId);
}

async function comment(author: Person, photoId: string, text: string): Promise<string> {
  type Added = { comment: { id: string } };
  const added = await author.mutate<Added>('addComment', 'AddCommentInput', { photoId, text }, 'comment { id }');
  return added.comment.id;
}

async function setCaption(owner: Person, photoId: string, caption: string): Promise<void> {
  await owner.mutate('updatePhoto', 'UpdatePhotoInput', { photoId, caption }, 'photo { id }');
}

/** Reads the hashtags of a photo without a session. */
async function hashtagsOf(photoId: string): Promise<string[] | undefined> {
  const query = 'query ($id: ID!) { node(id: $id) { ... on Photo { hashtags } } }';
  const { data, errors } = await send<{ node: { hashtags: string[] } | null }>(url, query, { id: photoId });
  expect(errors).toEqual([]);
  return data?.node?.hashtags;
}

async function search(viewer: Person | null, text: string, first = 20): Promise<string[]> {
  const query = 'query ($text: String!, $first: Int) { searchHashtags(text: $text, first: $first) { name } }';
  type Found = { searchHashtags: { name: string }[] };
  const variables = { text, first };
  const { data, errors } = await (viewer ? viewer.send<Found>(query, variables) : send<Found>(url, query, variables));
  expect(errors).toEqual([]);
  return data?.searchHashtags.map(({ name }) => name) ?? [];
}

test('a photo has the hashtags of its caption and of its owner’s comments, and of no other comments', async () => {
  const [owner, other] = await Promise.all([newPerson(url), newPerson(url)]);
  const [first, second, third] = [newHashtag(), newHashtag(), newHashtag()];
  const photoId = await share(owner, `Look: #${first.toUpperCase()} and ＃${second}straße!`);
  await comment(owner, photoId, `also #${second}STRASSE, #${third}`);
  await comment(other, photoId, `#${first}other`);
  expect(await hashtagsOf(photoId)).toEqual([first, `${second}strasse`, third].sort());
  for (const name of [first, `#${first}`, `${second}straße`, ` #${third}`]) {
    expect([name, await photosWith(url, null, name)]).toEqual([name, [photoId]]);
  }
  expect(await photosWith(url, null, `${first}other`)).toEqual([]);
});

test('a photo that is not READY has hashtags, but is on no hashtag’s page', async () => {
  const owner = await newPerson(url);
  const name = newHashtag();
  const file = Buffer.from('no picture at all');
  const upload = await createUpload(owner, file);
  await put(upload, file);
  const input = { uploadId: upload.id, caption: `#${name}` };
  const { photo } = await owner.mutate<{ photo: { id: string; hashtags: string[] } }>(
    'publishPhoto',
    'PublishPhotoInput',
    input,
    'photo { id hashtags }',
  );
  expect(photo.hashtags).toEqual([name]);
  await until(async () => {
    const { data } = await owner.send<{ node: { status: string } }>(
      'query ($id: ID!) { node(id: $id) { ... on Photo { status } } }',
      { id: photo.id },
    );
    return data?.node.status === 'FAILED';
  });
  expect(await photosWith(url, owner, name)).toEqual([]);
  await setCaption(owner, photo.id, `#${name} #${name}x`);
  expect(await photosWith(url, owner, `${name}x`)).toEqual([]);
  expect(await search(owner, name)).toEqual([]);
});

test('hashtags change with the caption and the comments; one in both stays until both have lost it', async () => {
  const owner = await newPerson(url);
  const [kept, moved, gone] = [newHashtag(), newHashtag(), newHashtag()];
  const photoId = await insert(owner, `#${kept} #${moved} #${gone}`);
  const commentId = await comment(owner, photoId, `#${moved}`);
  await setCaption(owner, photoId, `#${kept}`);
  expect(await hashtagsOf(photoId)).toEqual([kept, moved].sort());
  expect(await photosWith(url, null, gone)).toEqual([]);
  expect(await photosWith(url, null, moved)).toEqual([photoId]);
  await owner.mutate('deleteComment', 'DeleteCommentInput', { commentId }, 'deletedCommentId');
  expect(await hashtagsOf(photoId)).toEqual([kept]);
  expect(await photosWith(url, null, moved)).toEqual([]);
  await owner.mutate('deletePhoto', 'DeletePhotoInput', { photoId }, 'deletedPhotoId');
  expect(await photosWith(url, null, kept)).toEqual([]);
});

test('a photo loses the hashtags of a comment that a moderator removes', async () => {
  const [owner, moderator] = await Promise.all([newPerson(url), newPerson(url)]);
  await setModerator(stores, moderator.username, true, 'for a test');
  const name = newHashtag();
  const photoId = await insert(owner, '');
  const commentId = await comment(owner, photoId, `#${name}`);
  await attempt(moderator, 'report', { subjectId: commentId, reason: 'SPAM' }, 'reported');
  const removed = await attempt(moderator, 'removeComment', { commentId, why: 'a test' }, 'userErrors { code }');
  expect(userErrorsOf(removed)).toEqual([]);
  expect(await photosWith(url, null, name)).toEqual([]);
  expect(await hashtagsOf(photoId)).toEqual([]);
});

/** A text with this many hashtags that no other test uses. */
function many(count: number): string {
  const name = newHashtag();
  return Array.from({ length: count }, (_, index) => `#${name}x${index}`).join(' ');
}

test('a photo can have at most 30 hashtags: a change beyond is refused with the number of hashtags', async () => {
  const owner = await newPerson(url);
  const file = await newJpeg();
  const upload = await createUpload(owner, file);
  await put(upload, file);
  const tooMany = await attempt(owner, 'publishPhoto', { uploadId: upload.id, caption: many(31) }, 'photo { id }');
  expect(userErrorsOf(tooMany)).toEqual(['TOO_MANY caption']);
  expect(tooMany.userErrors[0]?.message).toContain('31');
  const caption = many(30);
  // The refused upload can still be published. A hashtag that is repeated counts once.
  const input = { uploadId: upload.id, caption: `${caption} ${caption.toUpperCase()}` };
  const published = await attempt<{ photo: { id: string } }>(owner, 'publishPhoto', input, 'photo { id }');
  expect(userErrorsOf(published)).toEqual([]);
  const photoId = published.photo.id;
  await until(async () => (await hashtagsOf(photoId))?.length === 30);

  const refused = await attempt(owner, 'addComment', { photoId, text: many(1) }, 'comment { id }');
  expect(userErrorsOf(refused)).toEqual(['TOO_MANY text']);
  const known = await attempt(owner, 'addComment', { photoId, text: caption.split(' ')[7] ?? '' }, 'comment { id }');
  expect(userErrorsOf(known)).toEqual([]);
  expect(userErrorsOf(await attempt(owner, 'updatePhoto', { photoId, caption: many(31) }, 'photo { id }'))).toEqual([
    'TOO_MANY caption',
  ]);
  // The hashtag of the comment counts, too.
  expect(userErrorsOf(await attempt(owner, 'updatePhoto', { photoId, caption: many(30) }, 'photo { id }'))).toEqual([
    'TOO_MANY caption',
  ]);
  expect((await hashtagsOf(photoId))?.map((name) => `#${name}`).sort()).toEqual(caption.split(' ').sort());
  const { data } = await owner.send<{ node: { caption: string; comments: { nodes: object[] } } }>(
    'query ($id: ID!) { node(id: $id) { ... on Photo { caption comments { nodes { id } } } } }',
    { id: photoId },
  );
  expect(data?.node.caption).toBe(input.caption);
  expect(data?.node.comments.nodes).toHaveLength(1);
});

test('concurrent changes lose no hashtag and cannot exceed the limit of 30 together', async () => {
  const owner = await newPerson(url);
  const photoId = await insert(owner, many(28));
  const names = Array.from({ length: 4 }, newHashtag);
  const answers = await Promise.all(
    names.map((name) => attempt(owner, 'addComment', { photoId, text: `#${name}` }, 'comment { id }')),
  );
  expect(answers.flatMap(userErrorsOf).sort()).toEqual(['TOO_MANY text', 'TOO_MANY text']);
  expect(await hashtagsOf(photoId)).toHaveLength(30);
  const found = await Promise.all(names.map((name) => photosWith(url, null, name)));
  expect(found.map((photos) => photos.length)).toEqual(answers.map((answer) => 1 - answer.userErrors.length));
});

test('pages of a hashtag’s photos have no gap and no duplicate, also while photos are added', async () => {
  const [viewer, ...owners] = await Promise.all(Array.from({ length: 4 }, () => newPerson(url)));
  const name = newHashtag();
  const photos: string[] = [];
  for (let index = 0; index < 24; index++) photos.unshift(await insert(owners[index % 3] as Person, `#${name}`));
  // The viewer may not see every third photo, because its owner blocks them.
  await attempt(owners[0] as Person, 'block', { userId: viewer?.id }, 'user { id }');
  const expected = photos.filter((_, index) => (photos.length - 1 - index) % 3 !== 0);
  const seen: string[] = [];
  for (let after: string | null = null, more = true; more; ) {
    const page: SeenHashtag['photos'] = (await seeHashtag(url, viewer as Person, name, { first: 5, after })).photos;
    if (page.pageInfo.hasNextPage) expect(page.nodes).toHaveLength(5);
    seen.push(...page.nodes.map((photo) => photo.id));
    ({ endCursor: after, hasNextPage: more } = page.pageInfo);
    await insert(owners[1] as Person, `#${name}`);
  }
  expect(seen).toEqual(expected);
});

test('photos that the viewer may not see are not listed or counted, and do not reveal their hashtags', async () => {
  const [viewer, follower, open, closed, blocker] = await Promise.all(Array.from({ length: 5 }, () => newPerson(url)));
  if (!viewer || !follower || !open || !closed || !blocker) throw new Error('unreachable');
  const name = newHashtag();
  const [ofOpen, ofClosed, ofBlocker] = ['open', 'closed', 'blocker'].map((end) => `${name}${end}`) as [
    string,
    string,
    string,
  ];
  const photos = [
    await insert(open, `#${name} #${ofOpen}`),
    await insert(closed, `#${name} #${ofClosed}`),
    await insert(blocker, `#${name} #${ofBlocker}`),
  ];
  await follower.follow(closed);
  await attempt(closed, 'setPrivacy', { isPrivate: true }, 'user { id }');
  await attempt(blocker, 'block', { userId: viewer.id }, 'user { id }');
  const expectSeen = async (person: Person | null, seen: (string | undefined)[], names: string[], related = names) => {
    expect(await photosWith(url, person, name)).toEqual(seen);
    expect((await seeHashtag(url, person, name)).related.map((one) => one.name).sort()).toEqual(related.sort());
    expect((await search(person, name)).sort()).toEqual([name, ...names].sort());
  };
  await expectSeen(viewer, [photos[0]], [ofOpen]);
  await expectSeen(null, [photos[2], photos[0]], [ofOpen, ofBlocker]);
  // Related hashtags come only from photos that everybody may see.
  await expectSeen(follower, photos.toReversed(), [ofOpen, ofClosed, ofBlocker], [ofOpen, ofBlocker]);
  await expectSeen(closed, photos.toReversed(), [ofOpen, ofClosed, ofBlocker], [ofOpen, ofBlocker]);
  expect(await search(viewer, ofBlocker)).toEqual(expect.not.arrayContaining([ofBlocker]));
  expect(await photosWith(url, viewer, ofBlocker)).toEqual([]);
});

test('related hashtags are those that share the most photos', async () => {
  const owner = await newPerson(url);
  const [name, often, seldom, never] = [newHashtag(), newHashtag(), newHashtag(), newHashtag()];
  for (let count = 0; count < 3; count++) await insert(owner, `#${name} #${often} ${count === 1 ? `#${seldom}` : ''}`);
  await insert(owner, `#${never} #${often}`);
  expect((await seeHashtag(url, null, name)).related).toEqual([{ name: often }, { name: seldom }]);
  const query = 'query ($name: String!, $first: Int) { hashtag(name: $name) { related(first: $first) { name } } }';
  const one = await send(url, query, { name, first: 1 });
  expect(one.data).toEqual({ hashtag: { related: [{ name: often }] } });
  for (const first of [0, 31]) {
    const { errors } = await send(url, query, { name, first });
    expect(errors[0]?.message).toBe(`"first" must be from 1 to 30; it is ${first}.`);
  }
});

test('hashtags are found by a prefix in any case, and in spite of a typing error', async () => {
  const owner = await newPerson(url);
  const name = newHashtag();
  await insert(owner, `#${name} #${name}road #${name}roads`);
  for (const text of [name, `#${name}`, name.toUpperCase(), ` ${name.slice(0, -1)} `]) {
    expect([text, (await search(null, text)).sort()]).toEqual([text, [name, `${name}road`, `${name}roads`]]);
  }
  expect((await search(null, `${name}road`)).slice(0, 2)).toEqual([`${name}road`, `${name}roads`]);
  const mistyped = `${name.slice(0, 5)}${name.slice(6)}roads`;
  expect(await search(null, mistyped)).toContain(`${name}roads`);
  expect(await search(null, name, 1)).toEqual([name]);
  for (const text of ['', ' ', '#', 'x'.repeat(101), 'x'.repeat(200_000), 'nul\0', '\ud800']) {
    const { errors } = await send(url, 'query ($text: String!) { searchHashtags(text: $text) { name } }', { text });
    expect(errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
    expect(errors[0]?.message.length).toBeLessThan(200);
  }
  for (const text of ['%', '_', "'", '\\', '"', ';--', 'a b', '🌅'])
    expect(Array.isArray(await search(null, text))).toBe(true);
});

test('a name that is not a hashtag is refused with a message that says what is allowed', async () => {
  const viewer = await newPerson(url);
  for (const name of [
    '',
    '#',
    '##',
    'a b',
    'a-b',
    '🌅',
    'x🌅',
    '1️⃣',
    'x'.repeat(101),
    'x'.repeat(200_000),
    'nul\0',
    '\ud800',
  ]) {
    const response = await send(url, 'query ($name: String!) { hashtag(name: $name) { name } }', { name });
    expect(response.errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
    expect(response.errors[0]?.message).toMatch(/"name" is no hashtag.*letters, digits and underscores/);
    for (const mutation of ['followHashtag', 'unfollowHashtag']) {
      expect(userErrorsOf(await attempt(viewer, mutation, { name }, 'hashtag { name }'))).toEqual(['INVALID name']);
    }
  }
  // The server refuses a body of one megabyte.
  expect(
    (await send(url, 'query ($name: String!) { hashtag(name: $name) { name } }', { name: 'x'.repeat(1e6) })).status,
  ).toBe(413);
  const query = 'subscription ($name: String!) { hashtagPhotos(name: $name) { cursor } }';
  const refused = await viewer.subscribe(query, { name: 'a b' });
  expect((await refused.ended).errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT');
});

test('following and unfollowing hashtags is idempotent, and the list has the latest follow first', async () => {
  const [viewer, other] = await Promise.all([newPerson(url), newPerson(url)]);
  const names = Array.from({ length: 5 }, newHashtag);
  for (const name of [...names, names[0] ?? '']) await setHashtagFollow(viewer, 'followHashtag', name.toUpperCase());
  const list = async (first: number, after: string | null = null) => {
    const { data, errors } = await viewer.send<{
      me: {
        followedHashtags: {
          nodes: { name: string; viewerFollows: boolean }[];
          pageInfo: { hasNextPage: boolean; endCursor: string };
        };
      };
    }>(
      `query ($first: Int, $after: String) { me { followedHashtags(first: $first, after: $after) {
        edges { cursor node { name } } nodes { name viewerFollows } pageInfo { hasNextPage endCursor } } } }`,
      { first, after },
    );
    expect(errors).toEqual([]);
    if (!data) throw new Error('unreachable');
    return data.me.followedHashtags;
  };
  const page = await list(3);
  expect(page.nodes.map(({ name }) => name)).toEqual(names.toReversed().slice(0, 3));
  expect(page.nodes.every(({ viewerFollows }) => viewerFollows)).toBe(true);
  const rest = await list(3, page.pageInfo.endCursor);
  expect(rest.nodes.map(({ name }) => name)).toEqual(names.toReversed().slice(3));
  expect(rest.pageInfo.hasNextPage).toBe(false);
  for (let time = 0; time < 2; time++) await setHashtagFollow(viewer, 'unfollowHashtag', names[1] ?? '');
  expect((await list(10)).nodes).toHaveLength(4);
  expect((await seeHashtag(url, viewer, names[1] ?? '')).viewerFollows).toBe(false);
  expect((await seeHashtag(url, viewer, names[2] ?? '')).viewerFollows).toBe(true);
  expect((await seeHashtag(url, other, names[2] ?? '')).viewerFollows).toBe(false);
  expect((await seeHashtag(url, null, names[2] ?? '')).viewerFollows).toBe(false);
  const { errors } = await send(
    url,
    'mutation ($input: FollowHashtagInput!) { followHashtag(input: $input) { userErrors { code } } }',
    { input: { name: 'sunset' } },
  );
  expect(errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
});

test('a person can follow at most 200 hashtags, also with concurrent requests', async () => {
  const viewer = await newPerson(url);
  const userId = rowId(viewer.id);
  await stores.db.$executeRaw`
    insert into hashtag_follows (user_id, hashtag, id)
    select ${userId}, 'x' || number, next_id(${userId}) from generate_series(1, 198) number`;
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => attempt(viewer, 'followHashtag', { name: newHashtag() }, 'hashtag { name }')),
  );
  expect(answers.flatMap(userErrorsOf)).toEqual(['TOO_MANY name', 'TOO_MANY name']);
  expect(await stores.db.hashtagFollow.count({ where: { userId } })).toBe(200);
  // Following one again does not count.
  expect(userErrorsOf(await attempt(viewer, 'followHashtag', { name: 'x1' }, 'hashtag { name }'))).toEqual([]);
});

test('a hashtag with very many photos has the count of what everybody sees, counted in the background', async () => {
  const [open, closed] = await Promise.all([newPerson(url), newPerson(url)]);
  const name = newHashtag();
  await insert(open, `#${name}`);
  const add = async (owner: Person, count: number) => {
    const ownerId = rowId(owner.id);
    await stores.db.$executeRaw`
      with made as (
        insert into photos (id, owner_id, caption, status, media_key, published_id, width, height)
        select next_id(${ownerId}), ${ownerId}, '', 'READY', 'none', next_id(${ownerId}), 4, 3
        from generate_series(1, ${count}::int)
        returning id, published_id
      )
      insert into photo_hashtags (photo_id, hashtag, published_id) select id, ${name}, published_id from made`;
  };
  const count = async (viewer: Person | null) => (await seeHashtag(url, viewer, name, { first: 1 })).photoCount;
  await add(open, 799);
  await add(closed, 200);
  await attempt(closed, 'setPrivacy', { isPrivate: true }, 'user { id }');
  expect([await count(null), await count(closed)]).toEqual([800, 1_000]);
  await add(open, 300);
  await until(async () => (await count(null)) === 1_100);
  expect(await count(closed)).toBe(1_100);
  // The counting job may run again.
  await add(open, 5);
  for (let run = 0; run < 2; run++) await countHashtag(stores, name);
  expect(await count(null)).toBe(1_105);
});

test('the sweep deletes hashtags that no photo has any more, and keeps the others', async () => {
  const owner = await newPerson(url);
  const [kept, gone, back] = [newHashtag(), newHashtag(), newHashtag()];
  const photoId = await insert(owner, `#${kept} #${gone} #${back}`);
  await setCaption(owner, photoId, `#${kept}`);
  const known = async () => {
    const rows = await stores.db.hashtag.findMany({ where: { name: { in: [kept, gone, back] } } });
    return rows.map((row) => row.name).sort();
  };
  expect(await known()).toEqual([kept, gone, back].sort());
  await sweepHashtags(stores);
  expect(await known()).toEqual([kept]);
  // A hashtag in use is found, also with concurrent sweeps.
  for (let time = 0; time < 10; time++) {
    await Promise.all([sweepHashtags(stores), setCaption(owner, photoId, `#${kept} #${back}`), sweepHashtags(stores)]);
    expect(await search(null, back)).toEqual([back]);
    await setCaption(owner, photoId, `#${kept}`);
    expect(await search(null, back)).toEqual([]);
  }
});
