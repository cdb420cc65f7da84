/**
 * The home feed's query as a hand-written handler. It makes the same Redis reads as Darkroom with a warm Redis, in as
 * few round trips as possible, and sends the same JSON. It has no GraphQL, no loaders, no PostgreSQL, and no visibility
 * rules except the reads that they need.
 */
import { createHash } from 'node:crypto';
import Fastify from 'fastify';
import { loadConfig } from '../src/config.ts';
import { photoCountsKey } from '../src/features/photos/counts.ts';
import { authorKey, feedKey, pulledAuthorsKey } from '../src/features/records/feed-keys.ts';
import { photoKey } from '../src/features/records/photo-rows.ts';
import { userKey } from '../src/features/records/user-rows.ts';
import { toCursor, toGlobalId } from '../src/stores/ids.ts';
import { connectRedis, personKey } from '../src/stores/redis.ts';
import { defineTimelineScripts, readTimeline } from '../src/stores/timelines.ts';

const FIRST = 24;
const config = loadConfig();
const redis = connectRedis(config.REDIS_URL, console.error);
defineTimelineScripts(redis);

type Photo = [string, string, string, string, null, string, boolean, boolean, string, number, number, string];
type User = [string, string, string, string];

const app = Fastify();
app.post('/graphql', async (request, reply) => {
  const hash = createHash('sha256')
    .update(request.headers.authorization?.slice(7) ?? '')
    .digest('hex');
  const session = JSON.parse((await redis.get(`session:v2:${hash}`)) ?? 'null') as [string, string, string] | null;
  if (!session) return reply.code(401).send();
  const viewer = BigInt(session[2]);
  const [page, pulledAuthors] = await Promise.all([
    readTimeline(redis, feedKey(viewer), null, FIRST + 1),
    redis.mget(pulledAuthorsKey(viewer)),
  ]);
  if (typeof page === 'string' || pulledAuthors[0] !== '[]') throw new Error(`not warm: ${page}, ${authorKey(viewer)}`);
  const ids = page.entries.map((entry) => entry.photoId);
  const photos = (await redis.mget(ids.map(photoKey))).map((text) => JSON.parse(text ?? '') as Photo);
  const shown = photos.slice(0, FIRST);
  const owners = [...new Set(shown.map((photo) => photo[1]))];
  const [follows, blocks, mutes, users, counts, likes] = await Promise.all([
    redis.hmget(personKey('follows', viewer), ...new Set(photos.map((photo) => photo[1]))),
    redis.hmget(personKey('blocks', viewer), '0', ...new Set(photos.map((photo) => photo[1]))),
    redis.hmget(personKey('mutes', viewer), ...new Set(photos.map((photo) => photo[1]))),
    redis.mget(owners.map((id) => userKey(BigInt(id)))),
    redis.mget(shown.map((photo) => photoCountsKey(BigInt(photo[0])))),
    redis.hmget(personKey('likes', viewer), ...shown.map((photo) => photo[0])),
  ]);
  if (!follows.every((follow) => follow === '1')) throw new Error('not warm: follows');
  if (![...blocks, ...mutes].every((relation) => relation === '0')) throw new Error('not warm: blocks or mutes');
  const people = new Map(
    users.map((text) => {
      const [id, username, displayName] = JSON.parse(text ?? '') as User;
      return [id, { id: toGlobalId('User', BigInt(id)), username, displayName }];
    }),
  );
  const edges = shown.map((photo, index) => {
    const [id, owner, caption, , , mediaKey, , , publishedId, width, height, thumbhash] = photo;
    const [likeCount, commentCount] = (counts[index] ?? '').split(' ');
    const image = (name: string, size: number) => {
      const fittedWidth = Math.min(size, width);
      return {
        url: `${config.MEDIA_URL}/media/${mediaKey}/${name}.jpg`,
        width: fittedWidth,
        height: Math.round((height * fittedWidth) / width),
      };
    };
    return {
      cursor: toCursor(BigInt(publishedId)),
      node: {
        id: toGlobalId('Photo', BigInt(id)),
        caption,
        width,
        height,
        thumbhash,
        likeCount: Number(likeCount),
        commentCount: Number(commentCount),
        viewerHasLiked: likes[index] === '1',
        owner: people.get(owner),
        square: { ...image('square_150', 150), height: 150 },
        small: image('width_320', 320),
        medium: image('width_640', 640),
        large: image('width_1080', 1080),
      },
    };
  });
  const pageInfo = { hasNextPage: photos.length > FIRST, endCursor: edges.at(-1)?.cursor ?? null };
  reply.header('content-type', 'application/json; charset=utf-8');
  return JSON.stringify({ data: { homeFeed: { edges, pageInfo } } });
});
console.log(`${await app.listen({ host: '127.0.0.1', port: 0 })}/graphql`);
process.on('SIGTERM', () => process.exit(0));
