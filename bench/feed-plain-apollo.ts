/** Darkroom's schema on a plain Apollo Server, with resolvers as in a tutorial: Prisma behind DataLoader, no cache. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import DataLoader from 'dataloader';
import { loadConfig } from '../src/config.ts';
import { renditionKey } from '../src/features/photos/media.ts';
import { renditionSize } from '../src/features/photos/renditions.ts';
import type { ImageSize } from '../src/generated/graphql.ts';
import type { Photo, User } from '../src/generated/prisma/client.ts';
import { toCursor, toGlobalId } from '../src/stores/ids.ts';
import { openDatabase } from '../src/stores/postgres.ts';

const config = loadConfig();
const db = openDatabase(config.DATABASE_URL, config.DATABASE_POOL_SIZE);
const SCHEMA = new URL('../schema/', import.meta.url);

interface Context {
  viewerId: bigint | null;
  users: DataLoader<bigint, User | undefined>;
  likes: DataLoader<bigint, boolean>;
}

function createContext(viewerId: bigint | null): Context {
  return {
    viewerId,
    users: new DataLoader(async (ids) => {
      const users = await db.user.findMany({ where: { id: { in: [...ids] } } });
      return ids.map((id) => users.find((user) => user.id === id));
    }),
    likes: new DataLoader(async (ids) => {
      const likes = await db.like.findMany({ where: { userId: viewerId ?? 0n, photoId: { in: [...ids] } } });
      return ids.map((id) => likes.some((like) => like.photoId === id));
    }),
  };
}

const resolvers = {
  Query: {
    async homeFeed(_: unknown, { first }: { first: number }, { viewerId }: Context) {
      const photos = await db.photo.findMany({
        where: { publishedId: { not: null }, owner: { followers: { some: { followerId: viewerId ?? 0n } } } },
        orderBy: { publishedId: 'desc' },
        take: first + 1,
      });
      const edges = photos.slice(0, first).map((node) => ({ cursor: toCursor(node.publishedId ?? 0n), node }));
      return { edges, pageInfo: { hasNextPage: photos.length > first, endCursor: edges.at(-1)?.cursor } };
    },
  },
  Photo: {
    id: ({ id }: Photo) => toGlobalId('Photo', id),
    owner: ({ ownerId }: Photo, _: unknown, { users }: Context) => users.load(ownerId),
    thumbhash: ({ thumbhash }: Photo) => thumbhash && Buffer.from(thumbhash).toString('base64'),
    viewerHasLiked: ({ id }: Photo, _: unknown, { likes }: Context) => likes.load(id),
    image: ({ mediaKey, width, height }: Photo, { size }: { size: ImageSize }) => ({
      url: `${config.MEDIA_URL}/${renditionKey(mediaKey, true, size)}`,
      ...renditionSize(size, width ?? 1, height ?? 1),
    }),
  },
  User: { id: ({ id }: User) => toGlobalId('User', id) },
};

const server = new ApolloServer<Context>({
  typeDefs: readdirSync(SCHEMA).map((name) => readFileSync(new URL(name, SCHEMA), 'utf8')),
  resolvers,
});
const { url } = await startStandaloneServer(server, {
  listen: { host: '127.0.0.1', port: 0 },
  async context({ req }) {
    const tokenHash = createHash('sha256')
      .update(req.headers.authorization?.slice(7) ?? '')
      .digest();
    const session = await db.session.findUnique({ where: { tokenHash } });
    return createContext(session?.userId ?? null);
  },
});
console.log(`${url}graphql`);
process.on('SIGTERM', () => process.exit(0));
