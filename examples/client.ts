/**
 * A small client of Darkroom: queries and mutations over HTTP, subscriptions over WebSocket (by live.ts), and the steps by which a file
 * becomes a photo. Copy it, or generate typed hooks from the schema instead.
 */
import { createHash } from 'node:crypto';
import { connect, subscribe } from './live.ts';

/** What a payload's `userErrors` hold. */
interface UserError {
  code: string;
  message: string;
  field: string[];
}

const TIMEOUT_MS = 30_000;

/** A point in degrees. */
export interface Point {
  latitude: number;
  longitude: number;
}

/** Where a photo was taken, and how exactly that is shown. */
export interface SharedPoint extends Point {
  precision: 'EXACT' | 'KILOMETRE' | 'CITY';
  placeName?: string;
}

/** Somebody who talks to Darkroom; anonymous until `token` is set. */
export class Darkroom {
  readonly url: string;
  token: string | undefined;
  readonly #live: ReturnType<typeof connect>;

  /** @param url the API's address, such as http://localhost:4000/graphql */
  constructor(url: string) {
    this.url = url;
    this.#live = connect(url, () => this.token);
  }

  /**
   * Sends a query.
   *
   * @throws Error with all messages, when it is answered with errors, or when what answers is no GraphQL server
   */
  async query<T>(query: string, variables: object = {}): Promise<T> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(this.token && { authorization: `Bearer ${this.token}` }) },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    // What is not JSON has neither data nor errors.
    const answer = (await response.json().catch(() => ({}))) as { data?: T; errors?: { message: string }[] };
    const { data, errors } = answer;
    if (errors) throw new Error(errors.map((error) => error.message).join('\n'));
    if (!data) throw new Error(`${this.url} answers HTTP ${response.status}, and not as a GraphQL server does.`);
    return data;
  }

  /**
   * Sends a mutation with one `input`, as all of Darkroom's have, and returns its payload.
   *
   * @throws Error with all messages, when the payload has `userErrors`
   */
  async mutate<T>(name: string, input: object, selection: string): Promise<T> {
    const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input!`;
    const query = `mutation ($input: ${type}) { ${name}(input: $input) { ${selection} userErrors { code message field } } }`;
    const { [name]: payload } = await this.query<Record<string, T & { userErrors: UserError[] }>>(query, { input });
    if (!payload) throw new Error(`${name} answered nothing.`);
    if (payload.userErrors.length > 0) throw new Error(payload.userErrors.map((error) => error.message).join('\n'));
    return payload;
  }

  /**
   * Subscribes, and calls back with each event, once, also after the connection was lost: see live.ts. What it ends with is logged.
   *
   * Resolves when the server listens, with a function that ends the subscription.
   *
   * @param field the subscription, such as `homeFeed`
   * @param selection what to select of its events, besides `cursor` and `isGap`
   * @param onGap reads the list: called as the subscription begins, and whenever something may have been missed
   * @throws Error with the reason, when it ends before it has begun
   */
  subscribe<T extends object>(
    field: string,
    selection: string,
    onEvent: (event: T) => void,
    onGap = () => {},
  ): Promise<() => void> {
    const query = `subscription ($after: String) { ${field}(after: $after) { cursor isGap ${selection} } }`;
    return new Promise((resolve, reject) => {
      const stop = subscribe<Record<string, T>>(this.#live, query, {
        onData({ [field]: event }) {
          if (event) onEvent(event);
        },
        onGap() {
          onGap();
          resolve(stop);
        },
        onEnd(why) {
          const error = why ?? new Error('The server has completed it.');
          console.error(`The subscription ${field} is over. ${error.message}`);
          reject(error);
        },
      });
    });
  }

  /**
   * Shares a photo.
   *
   * @param contentType `image/jpeg`, `image/png`, `image/webp` or `image/avif`
   * @param locate chooses where it is shown, given the point that the file itself holds, which nobody else is told; null shows it nowhere
   * @returns its id, and when publishing it was asked for, by `performance.now()`; it is PROCESSING then
   */
  async share(
    file: Buffer,
    contentType: string,
    caption: string,
    locate: (suggestion: Point | null) => SharedPoint | null = () => null,
  ): Promise<{ id: string; requestedAt: number }> {
    // 1. Tell what will be sent.
    const sha256 = createHash('sha256').update(file).digest('hex');
    const { upload } = await this.mutate<{
      upload: { id: string; url: string; headers: { name: string; value: string }[] };
    }>('createUpload', { contentType, byteSize: file.length, sha256 }, 'upload { id url headers { name value } }');
    // 2. Send it straight to the store.
    const response = await fetch(upload.url, {
      method: 'PUT',
      headers: Object.fromEntries(upload.headers.map(({ name, value }) => [name, value])),
      body: new Uint8Array(file),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`The store refused the file: ${await response.text()}`);
    // 3. Ask where it says that it was taken, and choose how exactly to show that.
    const { node } = await this.query<{ node: { suggestedLocation: Point | null } | null }>(
      'query ($id: ID!) { node(id: $id) { ... on Upload { suggestedLocation { latitude longitude } } } }',
      { id: upload.id },
    );
    const location = locate(node?.suggestedLocation ?? null);
    // 4. Publish.
    const requestedAt = performance.now();
    const { photo } = await this.mutate<{ photo: { id: string } }>(
      'publishPhoto',
      { uploadId: upload.id, caption, location },
      'photo { id }',
    );
    return { id: photo.id, requestedAt };
  }
}
