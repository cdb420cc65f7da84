import { readPulledAuthors } from '../src/features/feed/pulled-authors.ts';
import { readBlocks, readFollows, readMutes } from '../src/features/visibility/relations.ts';
import { addJob } from '../src/stores/jobs.ts';
import { nextId } from '../src/stores/postgres.ts';
import type { Stores } from '../src/stores/stores.ts';

/** Viewers who all follow the same two authors. */
export interface BenchPeople {
  viewers: bigint[];
  /** The session token of each viewer, in the same order. */
  tokens: string[];
  /** A pulled author: photos are published once, to one channel for all followers. */
  pulledAuthor: bigint;
  /** A pushed author: photos are published to a channel of each follower. */
  pushedAuthor: bigint;
}

/**
 * Creates viewers with one session each, who follow both authors. Uses SQL, because hashing passwords takes too long.
 */
export async function makePeople({ db }: Stores, count: number): Promise<BenchPeople> {
  const newAuthor = async (username: string, isPulled: boolean) => {
    const [author] = await db.$queryRaw<[{ id: bigint }]>`
      insert into users (username, email, display_name, password_hash, is_heavy)
      values (${username}, ${`${username}@example.org`}, 'Author', '', ${isPulled}) returning id`;
    return author.id;
  };
  const pulledAuthor = await newAuthor('pulled', true);
  const pushedAuthor = await newAuthor('pushed', false);
  const viewers = await db.$queryRaw<{ id: bigint }[]>`
    insert into users (username, email, display_name, password_hash)
    select 'viewer' || number, 'viewer' || number || '@example.org', 'Viewer', ''
    from generate_series(1, ${count}) number
    returning id`;
  await db.$executeRaw`
    insert into follows (follower_id, followee_id, id)
    select viewer.id, author.id, next_id(viewer.id) from users viewer cross join users author
    where viewer.username like 'viewer%' and author.id in (${pulledAuthor}, ${pushedAuthor})`;
  const tokens = await addSessions({ db }, 'main', count);
  const ids = viewers.map((viewer) => viewer.id).sort((a, b) => (a < b ? -1 : 1));
  return { viewers: ids, tokens, pulledAuthor, pushedAuthor };
}

/** Fills Redis with what it caches for recently active viewers: whom they follow, block and mute. */
export async function warmRedis(stores: Stores, { viewers, pulledAuthor, pushedAuthor }: BenchPeople): Promise<void> {
  const authors = [pulledAuthor, pushedAuthor];
  for (let from = 0; from < viewers.length; from += 100) {
    const batch = viewers.slice(from, from + 100);
    await Promise.all(
      batch.flatMap((viewer) => [
        readPulledAuthors(stores, viewer),
        ...[readFollows, readBlocks, readMutes].map((read) => read(stores, viewer, authors)),
      ]),
    );
  }
}

/** Creates another session for `count` of the viewers. @returns the tokens */
export async function addSessions({ db }: Pick<Stores, 'db'>, device: string, count: number): Promise<string[]> {
  const rows = await db.$queryRaw<{ token: string }[]>`
    with viewers as (
      select id, ${device} || '-' || username as token from users where username like 'viewer%'
      order by id limit ${count}
    ), sessions as (
      insert into sessions (id, user_id, token_hash, device, expires_at)
      select next_id(id), id, sha256(convert_to(token, 'UTF8')), ${device}, now() + interval '30 days' from viewers
    )
    select token from viewers order by id`;
  return rows.map((row) => row.token);
}

/** Publishes a photo like processPhoto does: one transaction inserts its row and enqueues its fan-out. */
export async function publish({ db }: Stores, ownerId: bigint, caption: string): Promise<void> {
  await db.$transaction(async (tx) => {
    const photoId = await nextId(tx, ownerId);
    const publishedId = await nextId(tx, ownerId);
    const thumbhash = Buffer.from('93090b0a8a7b77a8b87b78a5f0', 'hex');
    const file = { mediaKey: '0123456789abcdef0123456789abcdef', width: 1_600, height: 1_200, thumbhash };
    await tx.photo.create({ data: { id: photoId, ownerId, caption, status: 'READY', publishedId, ...file } });
    await addJob(tx, 'fanOutPhoto', { photoId: String(photoId) });
  });
}
