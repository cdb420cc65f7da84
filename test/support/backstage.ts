import { pino } from 'pino';
import { inject } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { openStores, type Stores } from '../../src/stores/stores.ts';
import type { Answer } from './client.ts';
import type { Person } from './people.ts';

/** The stores of the run, to look behind the API. Close them in `afterAll`. */
export function openBackstage(): Promise<Stores> {
  return openStores(loadConfig(inject('env')), pino({ level: 'silent' }));
}

/** A payload with its userErrors. */
export type Attempt<T> = T & { userErrors: { code: string; message: string; field: string[] }[] };

/** Sends a mutation whose payload may have userErrors; fails only when there is no payload. */
export async function attempt<T = Record<string, unknown>>(
  person: Person,
  name: string,
  input: object,
  selection: string,
): Promise<Attempt<T>> {
  const { data, errors } = await trySending<Record<string, Attempt<T>>>(person, name, input, selection);
  const payload = data?.[name];
  if (!payload) throw new Error(`${name} was answered with errors: ${JSON.stringify(errors)}`);
  return payload;
}

/** Sends a mutation and returns the response. */
function trySending<T>(person: Person, name: string, input: object, selection: string): Promise<Answer<T>> {
  const inputType = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
  return person.send<T>(
    `mutation ($input: ${inputType}!) { ${name}(input: $input) { ${selection} userErrors { code message field } } }`,
    { input },
  );
}

/** The code and the field of each user error of a mutation, such as `TOO_LONG caption`. */
export function userErrorsOf({ userErrors }: Attempt<object>): string[] {
  return userErrors.map(({ code, field }) => `${code} ${field.join('.')}`);
}

/** A photo with all the fields that these tests read. */
export interface SeenPhoto {
  id: string;
  caption: string;
  status: 'PROCESSING' | 'READY' | 'FAILED';
  failure: { code: string; message: string } | null;
  width: number | null;
  height: number | null;
  thumbhash: string | null;
  publishedAt: string | null;
  likeCount: number;
  commentCount: number;
  viewerHasLiked: boolean;
  square: SeenImage | null;
  w320: SeenImage | null;
  w640: SeenImage | null;
  w1080: SeenImage | null;
}

/** A photo in one size. */
export interface SeenImage {
  url: string;
  width: number;
  height: number;
}

/** The selection that makes a `SeenPhoto`. */
const PHOTO_FIELDS = `id caption status failure { code message } width height thumbhash publishedAt
  likeCount commentCount viewerHasLiked
  square: image(size: SQUARE_150) { url width height } w320: image(size: WIDTH_320) { url width height }
  w640: image(size: WIDTH_640) { url width height } w1080: image(size: WIDTH_1080) { url width height }`;

/** Reads a photo as a person. @returns null when they may not see it */
export async function see(person: Person, photoId: string): Promise<SeenPhoto | null> {
  const { data, errors } = await person.send<{ node: SeenPhoto | null }>(
    `query ($id: ID!) { node(id: $id) { ... on Photo { ${PHOTO_FIELDS} } } }`,
    { id: photoId },
  );
  if (errors.length > 0 || !data) throw new Error(`Reading the photo failed: ${JSON.stringify(errors)}`);
  return data.node;
}

/** Reads a photo that the person may see; fails otherwise. */
export async function mustSee(person: Person, photoId: string): Promise<SeenPhoto> {
  const photo = await see(person, photoId);
  if (!photo) throw new Error('The photo is not to be seen.');
  return photo;
}
