/**
 * A small client of Darkroom: queries and mutations over HTTP, subscriptions over WebSocket, and the three steps by which a file
 * becomes a photo. Copy it, or generate typed hooks from the schema instead.
 */
import { createHash } from 'node:crypto';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

/** What a payload's `userErrors` hold. */
interface UserError {
  code: string;
  message: string;
  field: string[];
}

const TIMEOUT_MS = 30_000;

/** Somebody who talks to Darkroom; anonymous until `token` is set. */
export class Darkroom {
  readonly url: string;
  token: string | undefined;

  /** @param url the API's address, such as http://localhost:4000/graphql */
  constructor(url: string) {
    this.url = url;
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
   * Subscribes, and calls back with each event, once. When the connection is lost it connects again by itself and goes on after the
   * last event: it remembers that event's cursor, and the library sends the variables as they then are. An event with `isGap` says that
   * something may have been missed: the list is to be read anew.
   *
   * The protocol does not tell when the server has begun to listen: mostly it is a few milliseconds after this resolves, with
   * a function that ends the subscription.
   *
   * @param field the subscription, such as `homeFeed`
   * @param selection what to select of its events, besides `cursor` and `isGap`
   */
  async subscribe<T>(
    field: string,
    selection: string,
    onEvent: (event: T & { isGap: boolean }) => void,
  ): Promise<() => void> {
    const connection = createClient({
      url: this.url.replace(/^http/, 'ws'),
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${this.token}` },
      retryAttempts: Number.POSITIVE_INFINITY,
      // The library gives up when the first connection cannot be made; later it may take a while.
      shouldRetry: () => true,
    });
    const connected = new Promise<void>((resolve) => connection.on('connected', () => resolve()));
    const variables: { after: string | null } = { after: null };
    connection.subscribe<Record<string, T & { cursor: string; isGap: boolean }>>(
      { query: `subscription ($after: String) { ${field}(after: $after) { cursor isGap ${selection} } }`, variables },
      {
        next: ({ data, errors }) => {
          if (errors) console.error('The subscription brought errors:', errors);
          const event = data?.[field];
          if (!event) return;
          onEvent(event);
          variables.after = event.cursor;
        },
        error: (error) => console.error('The subscription ended:', error),
        complete: () => {},
      },
    );
    await connected;
    return () => connection.dispose();
  }

  /**
   * Shares a photo.
   *
   * @param contentType `image/jpeg`, `image/png`, `image/webp` or `image/avif`
   * @returns its id, and when publishing it was asked for, by `performance.now()`; it is PROCESSING then
   */
  async share(file: Buffer, contentType: string, caption: string): Promise<{ id: string; askedAt: number }> {
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
    // 3. Publish.
    const askedAt = performance.now();
    const { photo } = await this.mutate<{ photo: { id: string } }>(
      'publishPhoto',
      { uploadId: upload.id, caption },
      'photo { id }',
    );
    return { id: photo.id, askedAt };
  }
}
