import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { allRenditionKeys } from '../../../src/features/photos/media.ts';
import { toGlobalId } from '../../../src/stores/ids.ts';
import type { Stores } from '../../../src/stores/stores.ts';
import { attempt, mustSee, openBackstage, see, userErrorsOf } from '../../support/backstage.ts';
import { newPerson, type Person } from '../../support/people.ts';
import { newJpeg, publish, settled, share } from '../../support/photos.ts';
import { rowId } from '../../support/rows.ts';
import { until } from '../../support/until.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores.close());

const unknownPhoto = toGlobalId('Photo', 42n);

type Comment = { comment: { id: string; text: string } | null };
type Page = { nodes: { id: string; text: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } };

async function comment(person: Person, photoId: string, text: string): Promise<string> {
  const payload = await attempt<Comment>(person, 'addComment', { photoId, text }, 'comment { id text }');
  if (!payload.comment) throw new Error(`No comment: ${JSON.stringify(payload.userErrors)}`);
  return payload.comment.id;
}

async function comments(person: Person, photoId: string, first = 24, after: string | null = null): Promise<Page> {
  const { data, errors } = await person.send<{ node: { comments: Page } | null }>(
    `query ($id: ID!, $first: Int!, $after: String) { node(id: $id) { ... on Photo {
      comments(first: $first, after: $after) { nodes { id text } pageInfo { hasNextPage endCursor } } } } }`,
    { id: photoId, first, after },
  );
  if (!data?.node) throw new Error(`No comments: ${JSON.stringify(errors)}`);
  return data.node.comments;
}

async function countsOf(person: Person, photoId: string): Promise<[likes: number, comments: number]> {
  const { likeCount, commentCount } = await mustSee(person, photoId);
  return [likeCount, commentCount];
}

describe('a caption', () => {
  test('can be changed by the owner only, and everybody sees the change at once', async () => {
    const [owner, other] = await Promise.all([newPerson(url), newPerson(url)]);
    const id = await share(owner, 'before');
    // Read it first, so that it is cached.
    expect((await mustSee(other, id)).caption).toBe('before');
    const theirs = await attempt(other, 'updatePhoto', { photoId: id, caption: 'mine now' }, 'photo { caption }');
    expect(userErrorsOf(theirs)).toEqual(['NOT_FOUND photoId']);
    expect(theirs).toMatchObject({ photo: null });
    expect((await mustSee(other, id)).caption).toBe('before');
    const own = await attempt(owner, 'updatePhoto', { photoId: id, caption: 'after' }, 'photo { caption }');
    expect(own).toEqual({ photo: { caption: 'after' }, userErrors: [] });
    expect((await mustSee(other, id)).caption).toBe('after');
    await attempt(owner, 'updatePhoto', { photoId: id, caption: '' }, 'photo { caption }');
    expect((await mustSee(other, id)).caption).toBe('');
  });

  test('may have at most 2,200 characters after a change, too', async () => {
    const owner = await newPerson(url);
    const id = await share(owner, 'before');
    const long = await attempt(owner, 'updatePhoto', { photoId: id, caption: 'x'.repeat(2_201) }, 'photo { id }');
    expect(userErrorsOf(long)).toEqual(['TOO_LONG caption']);
    expect((await mustSee(owner, id)).caption).toBe('before');
    const exact = await attempt(
      owner,
      'updatePhoto',
      { photoId: id, caption: '🌍'.repeat(2_200) },
      'photo { caption }',
    );
    expect(exact).toEqual({ photo: { caption: '🌍'.repeat(2_200) }, userErrors: [] });
  });

  test('of a photo that does not exist cannot be changed', async () => {
    const payload = await attempt(
      await newPerson(url),
      'updatePhoto',
      { photoId: unknownPhoto, caption: '' },
      'photo { id }',
    );
    expect(userErrorsOf(payload)).toEqual(['NOT_FOUND photoId']);
  });
});

describe('deleting a photo', () => {
  test('removes it from every list, with its likes, comments and files, and works only once', async () => {
    const [owner, follower] = await Promise.all([newPerson(url), newPerson(url)]);
    await follower.follow(owner);
    const [kept, id] = [await share(owner, 'kept'), await share(owner, 'gone')];
    const commentId = await comment(follower, id, 'nice');
    await follower.mutate('likePhoto', 'LikePhotoInput', { photoId: id }, 'photo { id }');
    const readFeed = async () => {
      const { data } = await follower.send<{ homeFeed: { nodes: { id: string }[] } }>('{ homeFeed { nodes { id } } }');
      return data?.homeFeed.nodes.map((node) => node.id);
    };
    await until(async () => (await readFeed())?.length === 2);
    const { w320 } = await mustSee(follower, id);
    expect((await fetch(w320?.url ?? '')).status).toBe(200);
    const { mediaKey } = await stores.db.photo.findUniqueOrThrow({ where: { id: rowId(id) } });

    const theirs = await attempt(follower, 'deletePhoto', { photoId: id }, 'deletedPhotoId');
    expect(theirs).toMatchObject({ deletedPhotoId: null });
    expect(userErrorsOf(theirs)).toEqual(['NOT_FOUND photoId']);
    expect(await see(owner, id)).not.toBeNull();

    const payload = await attempt(owner, 'deletePhoto', { photoId: id }, 'deletedPhotoId');
    expect(payload).toEqual({ deletedPhotoId: id, userErrors: [] });
    for (const person of [owner, follower]) {
      const { data } = await person.send('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: [id, commentId] });
      expect(data).toEqual({ nodes: [null, null] });
    }
    expect(await readFeed()).toEqual([kept]);
    const where = { photoId: rowId(id) };
    expect(await Promise.all([stores.db.like.count({ where }), stores.db.comment.count({ where })])).toEqual([0, 0]);
    await until(async () => {
      const exist = await Promise.all(allRenditionKeys(mediaKey).map((key) => stores.objects.exists(key)));
      return exist.every((exists) => !exists);
    });
    await until(async () => (await stores.db.photoCountDelta.count({ where })) === 0);

    const again = await attempt(owner, 'deletePhoto', { photoId: id }, 'deletedPhotoId');
    expect(userErrorsOf(again)).toEqual(['NOT_FOUND photoId']);
    for (const name of ['likePhoto', 'unlikePhoto']) {
      expect(userErrorsOf(await attempt(follower, name, { photoId: id }, 'photo { id }'))).toEqual([
        'NOT_FOUND photoId',
      ]);
    }
    const late = await attempt(follower, 'addComment', { photoId: id, text: 'late' }, 'comment { id }');
    expect(userErrorsOf(late)).toEqual(['NOT_FOUND photoId']);
    const removal = await attempt(follower, 'deleteComment', { commentId }, 'deletedCommentId');
    expect(userErrorsOf(removal)).toEqual(['NOT_FOUND commentId']);
  });

  test('while it is being processed leaves nothing behind', async () => {
    const owner = await newPerson(url);
    const id = await publish(owner, await newJpeg(2_000, 1_500));
    const { mediaKey } = await stores.db.photo.findUniqueOrThrow({ where: { id: rowId(id) } });
    const upload = await stores.db.upload.findUnique({ where: { id: rowId(id) } });
    await attempt(owner, 'deletePhoto', { photoId: id }, 'deletedPhotoId');
    expect(await see(owner, id)).toBeNull();
    const keys = [...allRenditionKeys(mediaKey), ...(upload ? [upload.objectKey] : [])];
    await until(async () => {
      const [jobs] = await stores.db.$queryRaw<[{ count: bigint }]>`
        select count(*) from graphile_worker._private_jobs where payload::text like ${`%${mediaKey}%`}`;
      return jobs.count === 0n;
    });
    expect(await Promise.all(keys.map((key) => stores.objects.exists(key)))).toEqual(keys.map(() => false));
    expect(await stores.db.upload.count({ where: { id: rowId(id) } })).toBe(0);
  });
});

describe('a like', () => {
  test('counts once however often the viewer adds or removes it, and other viewers have not liked', async () => {
    const [owner, fan] = await Promise.all([newPerson(url), newPerson(url)]);
    const id = await share(owner);
    const change = (name: string) =>
      attempt<{ photo: { likeCount: number; viewerHasLiked: boolean } }>(
        fan,
        name,
        { photoId: id },
        'photo { likeCount viewerHasLiked }',
      );
    // Read it first, so that it is cached.
    expect((await mustSee(fan, id)).viewerHasLiked).toBe(false);
    expect((await change('unlikePhoto')).photo).toEqual({ likeCount: 0, viewerHasLiked: false });
    for (let time = 0; time < 3; time++) {
      expect((await change('likePhoto')).photo).toEqual({ likeCount: 1, viewerHasLiked: true });
    }
    expect((await mustSee(fan, id)).viewerHasLiked).toBe(true);
    expect((await mustSee(owner, id)).viewerHasLiked).toBe(false);
    await until(async () => (await countsOf(owner, id))[0] === 1);
    for (let time = 0; time < 3; time++) {
      expect((await change('unlikePhoto')).photo).toEqual({ likeCount: 0, viewerHasLiked: false });
    }
    expect((await mustSee(fan, id)).viewerHasLiked).toBe(false);
    await until(async () => (await countsOf(owner, id))[0] === 0);
  });

  test('from ten concurrent requests of one person counts once', async () => {
    const [owner, fan] = await Promise.all([newPerson(url), newPerson(url)]);
    const id = await share(owner);
    const selection = 'photo { likeCount viewerHasLiked }';
    const payloads = await Promise.all(
      Array.from({ length: 10 }, () => attempt(fan, 'likePhoto', { photoId: id }, selection)),
    );
    for (const payload of payloads) {
      expect(payload).toEqual({ photo: { likeCount: 1, viewerHasLiked: true }, userErrors: [] });
    }
  });

  test('of a photo that does not exist is refused with NOT_FOUND', async () => {
    const person = await newPerson(url);
    for (const name of ['likePhoto', 'unlikePhoto']) {
      const payload = await attempt(person, name, { photoId: unknownPhoto }, 'photo { id }');
      expect(userErrorsOf(payload)).toEqual(['NOT_FOUND photoId']);
      expect(payload).toMatchObject({ photo: null });
    }
  });
});

describe('comments', () => {
  test('are paged newest first, each once, even if one is deleted between two pages', async () => {
    const [owner, author] = await Promise.all([newPerson(url), newPerson(url)]);
    const id = await share(owner);
    const texts = ['one', 'two', 'three', 'four', 'five'];
    const ids: string[] = [];
    for (const text of texts) ids.push(await comment(author, id, text));
    const first = await comments(owner, id, 2);
    expect(first.nodes.map((node) => node.text)).toEqual(['five', 'four']);
    expect(first.pageInfo.hasNextPage).toBe(true);
    // The cursor of a deleted comment stays valid.
    await attempt(author, 'deleteComment', { commentId: ids[3] }, 'deletedCommentId');
    const second = await comments(owner, id, 2, first.pageInfo.endCursor);
    expect(second.nodes.map((node) => node.text)).toEqual(['three', 'two']);
    expect(second.pageInfo.hasNextPage).toBe(true);
    const third = await comments(owner, id, 2, second.pageInfo.endCursor);
    expect(third.nodes.map((node) => node.text)).toEqual(['one']);
    expect(third.pageInfo.hasNextPage).toBe(false);
    const none = await comments(owner, id, 2, third.pageInfo.endCursor);
    expect(none).toEqual({ nodes: [], pageInfo: { hasNextPage: false, endCursor: null } });
    // A page that ends with the oldest comment has no next page.
    expect((await comments(owner, id, 4)).pageInfo.hasNextPage).toBe(false);
  });

  test('of several photos are read in one request, each with its own photo', async () => {
    const owner = await newPerson(url);
    const ids = [await share(owner), await share(owner)];
    for (const [index, id] of ids.entries()) await comment(owner, id, `about ${index}`);
    const { data } = await owner.send(
      `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Photo {
        comments(first: 5) { nodes { text author { id } photo { id } } } } } }`,
      { ids },
    );
    expect(data).toEqual({
      nodes: ids.map((id, index) => ({
        comments: { nodes: [{ text: `about ${index}`, author: { id: owner.id }, photo: { id } }] },
      })),
    });
  });

  test('can be deleted once, by their author or the photo’s owner only', async () => {
    const [owner, author, stranger] = await Promise.all([newPerson(url), newPerson(url), newPerson(url)]);
    const id = await share(owner);
    const [one, two] = [await comment(author, id, 'one'), await comment(author, id, 'two')];
    const remove = (person: Person, commentId: string) =>
      attempt(person, 'deleteComment', { commentId }, 'deletedCommentId photo { commentCount }');
    const theirs = await remove(stranger, one);
    expect(userErrorsOf(theirs)).toEqual(['NOT_FOUND commentId']);
    expect(theirs).toMatchObject({ deletedCommentId: null, photo: null });
    expect((await comments(stranger, id)).nodes).toHaveLength(2);
    expect(await remove(author, one)).toEqual({ deletedCommentId: one, photo: { commentCount: 1 }, userErrors: [] });
    expect(await remove(owner, two)).toEqual({ deletedCommentId: two, photo: { commentCount: 0 }, userErrors: [] });
    expect(userErrorsOf(await remove(author, one))).toEqual(['NOT_FOUND commentId']);
    expect((await comments(stranger, id)).nodes).toEqual([]);
    await until(async () => (await countsOf(owner, id))[1] === 0);
  });

  test('cannot be deleted by the owner of another photo', async () => {
    const [owner, author, stranger] = await Promise.all([newPerson(url), newPerson(url), newPerson(url)]);
    const [id, theirs] = [await share(owner), await share(stranger)];
    const commentId = await comment(author, id, 'stays');
    // A forged id: the comment's row id with the id of the stranger's photo.
    const forged = toGlobalId('Comment', rowId(theirs), rowId(commentId));
    expect(userErrorsOf(await attempt(stranger, 'deleteComment', { commentId: forged }, 'deletedCommentId'))).toEqual([
      'NOT_FOUND commentId',
    ]);
    expect((await comments(owner, id)).nodes).toEqual([{ id: commentId, text: 'stays' }]);
  });

  test.for([
    ['empty', '', 'TOO_SHORT text'],
    ['only white space', ' \n\t ', 'TOO_SHORT text'],
    ['longer than 1,000 characters', 'x'.repeat(1_001), 'TOO_LONG text'],
    ['not text (NUL)', 'a\0b', 'INVALID text'],
  ])('that are %s are refused', async ([, text = '', userError]) => {
    const owner = await newPerson(url);
    const id = await share(owner);
    const payload = await attempt<Comment>(owner, 'addComment', { photoId: id, text }, 'comment { id }');
    expect(userErrorsOf(payload)).toEqual([userError]);
    expect(payload.comment).toBeNull();
    expect(await stores.db.comment.count({ where: { photoId: rowId(id) } })).toBe(0);
    expect(await stores.db.photoCountDelta.count({ where: { photoId: rowId(id) } })).toBe(0);
  });

  test('may have 1,000 emoji, and are stored without the spaces around them', async () => {
    const owner = await newPerson(url);
    const id = await share(owner);
    const text = '🎉'.repeat(1_000);
    const payload = await attempt<Comment>(
      owner,
      'addComment',
      { photoId: id, text: `  ${text}\n` },
      'comment { text photo { commentCount } }',
    );
    expect(payload).toEqual({ comment: { text, photo: { commentCount: 1 } }, userErrors: [] });
  });

  test('on a photo that does not exist are refused', async () => {
    const payload = await attempt(
      await newPerson(url),
      'addComment',
      { photoId: unknownPhoto, text: 'hi' },
      'comment { id }',
    );
    expect(userErrorsOf(payload)).toEqual(['NOT_FOUND photoId']);
  });
});

test('mutations answer the same for a photo that the viewer may not see as for one that does not exist', async () => {
  const [owner, stranger] = await Promise.all([newPerson(url), newPerson(url)]);
  const failed = await publish(owner, Buffer.from('no photo'));
  expect(await settled(owner, failed)).toBe('FAILED');
  for (const [name, more, selection] of [
    ['likePhoto', {}, 'photo { id }'],
    ['unlikePhoto', {}, 'photo { id }'],
    ['addComment', { text: 'hi' }, 'comment { id }'],
    ['updatePhoto', { caption: 'x' }, 'photo { id }'],
    ['deletePhoto', {}, 'deletedPhotoId'],
  ] as const) {
    const [hidden, none] = await Promise.all(
      [failed, unknownPhoto].map((photoId) => attempt(stranger, name, { photoId, ...more }, selection)),
    );
    expect(hidden, name).toEqual(none);
  }
});
