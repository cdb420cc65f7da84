import { createHash } from 'node:crypto';
import sharp from 'sharp';
import type { Person } from './people.ts';
import { until } from './until.ts';

/** A small JPEG unlike any other. */
export function newJpeg(width = 64, height = 48): Promise<Buffer> {
  const colour = { r: Math.random() * 255, g: Math.random() * 255, b: Math.random() * 255 };
  return sharp({ create: { width, height, channels: 3, background: colour } })
    .jpeg()
    .toBuffer();
}

/** Where to send a file. */
export interface TestUpload {
  id: string;
  url: string;
  headers: { name: string; value: string }[];
}

/** Requests an upload URL for a file. */
export async function createUpload(person: Person, file: Buffer, contentType = 'image/jpeg'): Promise<TestUpload> {
  const input = { contentType, byteSize: file.length, sha256: createHash('sha256').update(file).digest('hex') };
  const { upload } = await person.mutate<{ upload: TestUpload }>(
    'createUpload',
    'CreateUploadInput',
    input,
    'upload { id url headers { name value } }',
  );
  return upload;
}

/** Sends a file to its upload URL. */
export function put(upload: TestUpload, body: Buffer, headers: Record<string, string> = {}): Promise<Response> {
  const all = {
    ...Object.fromEntries(upload.headers.map(({ name, value }) => [name.toLowerCase(), value])),
    ...headers,
  };
  return fetch(upload.url, {
    method: 'PUT',
    headers: all,
    body: new Uint8Array(body),
    signal: AbortSignal.timeout(20_000),
  });
}

/** Sends a file and publishes it. @returns the photo's id; it is PROCESSING */
export async function publish(
  person: Person,
  file: Buffer,
  caption = '',
  contentType = 'image/jpeg',
  location?: object,
): Promise<string> {
  const upload = await createUpload(person, file, contentType);
  const response = await put(upload, file);
  if (!response.ok) throw new Error(`The store refused the file: ${response.status} ${await response.text()}`);
  const input = { uploadId: upload.id, caption, location };
  const { photo } = await person.mutate<{ photo: { id: string } }>(
    'publishPhoto',
    'PublishPhotoInput',
    input,
    'photo { id }',
  );
  return photo.id;
}

/** Waits until a photo is READY, or FAILED. @returns which */
export function settled(person: Person, photoId: string): Promise<string> {
  return until(async () => {
    const { data } = await person.send<{ node: { status: string } | null }>(
      'query ($id: ID!) { node(id: $id) { ... on Photo { status } } }',
      { id: photoId },
    );
    const status = data?.node?.status;
    return status !== 'PROCESSING' && status;
  });
}

/** Publishes a new photo and waits until it is READY. @returns its id */
export async function share(person: Person, caption = '', location?: object): Promise<string> {
  const id = await publish(person, await newJpeg(), caption, 'image/jpeg', location);
  const status = await settled(person, id);
  if (status !== 'READY') throw new Error(`The photo is ${status}.`);
  return id;
}
