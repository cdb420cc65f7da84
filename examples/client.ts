/**
 * A small client of Darkroom: queries and mutations over HTTP, subscriptions over WebSocket (with live.ts), and the
 * steps that turn a file into a photo. Copy it, or generate typed hooks from the schema instead.
 */
import { createHash } from 'node:crypto';
import { connect, subscribe } from './live.ts';

/** An element of a payload's `userErrors`. */
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

/** Where a photo was taken, and how precisely that is shown. */
export interface SharedPoint extends Point {
  precision: 'EXACT' | 'KILOMETRE' | 'CITY';
  placeName?: string;
}

/** A client of the API; anonymous until `token` is set. */
export class Darkroom {
  readonly url: string;
  token: string | undefined;
  readonly #live: ReturnType<typeof connect>;

  /** @param url the URL of the API, such as http://localhost:4000/graphql */
  constructor(url: string) {
    this.url = url;
    this.#live = connect(url, () => this.token);
  }

  /**
   * Sends a query.
   *
   * @throws Error with all messages if the response has errors, or if it does not come from a GraphQL server
   */
  async query<T>(query: string, variables: object = {}): Promise<T> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(this.token && { authorization: `Bearer ${this.token}` }) },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    // A response that is not JSON has neither data nor errors.
    const answer = (await response.json().catch(() => ({}))) as { data?: T; errors?: { message: string }[] };
    const { data, errors } = answer;
    if (errors) throw new Error(errors.map((error) => error.message).join('\n'));
    if (!data) throw new Error(`${this.url} answers HTTP ${response.status}, but not like a GraphQL server.`);
    return data;
  }

  /**
   * Sends a mutation. All of Darkroom's mutations with arguments have one argument, `input`.
   *
   * @returns the payload
   * @throws Error with all messages if the payload has `userErrors`
   */
  async mutate<T>(name: string, input: object, selection: string): Promise<T> {
    const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input!`;
    const fields = `${selection} userErrors { code message field }`;
    const query = `mutation ($input: ${type}) { ${name}(input: $input) { ${fields} } }`;
    const { [name]: payload } = await this.query<Record<string, T & { userErrors: UserError[] }>>(query, { input });
    if (!payload) throw new Error(`${name} returned no payload.`);
    if (payload.userErrors.length > 0) throw new Error(payload.userErrors.map((error) => error.message).join('\n'));
    return payload;
  }

  /**
   * Subscribes. Calls back with each event exactly once, even if the connection is lost: see live.ts. Logs why the
   * subscription ends.
   *
   * @param field the subscription field, such as `homeFeed`
   * @param selection the fields of its events to select, besides `cursor` and `isGap`
   * @param onGap reads the list: called when the subscription starts, and whenever events may have been missed
   * @returns a function that ends the subscription; resolves when the subscription is active
   * @throws Error with the reason, if the subscription ends before it is active
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
        onEnd(reason) {
          const error = reason ?? new Error('The server has completed it.');
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
   * @param locate chooses the location to show. It receives the point in the file's metadata, which nobody else can
   * see. It returns null to show none
   * @returns the photo's id, and when `publishPhoto` was sent, by `performance.now()`. The photo is PROCESSING then
   */
  async share(
    file: Buffer,
    contentType: string,
    caption: string,
    locate: (suggestion: Point | null) => SharedPoint | null = () => null,
  ): Promise<{ id: string; requestedAt: number }> {
    // 1. Announce the file.
    const sha256 = createHash('sha256').update(file).digest('hex');
    const { upload } = await this.mutate<{
      upload: { id: string; url: string; headers: { name: string; value: string }[] };
    }>('createUpload', { contentType, byteSize: file.length, sha256 }, 'upload { id url headers { name value } }');
    // 2. Send it directly to the object store.
    const response = await fetch(upload.url, {
      method: 'PUT',
      headers: Object.fromEntries(upload.headers.map(({ name, value }) => [name, value])),
      body: new Uint8Array(file),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`The object store refused the file: ${await response.text()}`);
    // 3. Read the location from its metadata, and choose how precisely to show that.
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
