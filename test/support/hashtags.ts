import { expect } from 'vitest';
import { send } from './client.ts';
import { type Person, unique } from './people.ts';

/** A hashtag's page, as a client gets it. */
export interface SeenHashtag {
  name: string;
  photoCount: number;
  viewerFollows: boolean;
  photos: { nodes: { id: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } };
  related: { name: string }[];
}

/** A hashtag that no other test has. */
export function newHashtag(): string {
  return `t${unique()}`;
}

/** The first page of a hashtag. @param viewer null without a session */
export async function seeHashtag(
  url: string,
  viewer: Person | null,
  name: string,
  page: { first?: number; after?: string | null } = {},
): Promise<SeenHashtag> {
  const query = `query ($name: String!, $first: Int, $after: String) { hashtag(name: $name) {
    name photoCount viewerFollows
    photos(first: $first, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } }
    related { name }
  } }`;
  type Seen = { hashtag: SeenHashtag };
  const variables = { name, first: 100, ...page };
  const { data, errors } = await (viewer ? viewer.send<Seen>(query, variables) : send<Seen>(url, query, variables));
  expect(errors).toEqual([]);
  if (!data) throw new Error('The hashtag was not answered.');
  return data.hashtag;
}

/** The photos on the first page of a hashtag, which holds up to 100. */
export async function photosWith(url: string, viewer: Person | null, name: string): Promise<string[]> {
  const { photos, photoCount } = await seeHashtag(url, viewer, name);
  expect(photoCount).toBe(photos.nodes.length);
  return photos.nodes.map((photo) => photo.id);
}

/** Follows, or no longer follows, a hashtag. */
export async function setHashtagFollow(
  person: Person,
  name: 'followHashtag' | 'unfollowHashtag',
  hashtag: string,
): Promise<void> {
  const inputType = name === 'followHashtag' ? 'FollowHashtagInput' : 'UnfollowHashtagInput';
  await person.mutate(name, inputType, { name: hashtag }, 'hashtag { name }');
}
