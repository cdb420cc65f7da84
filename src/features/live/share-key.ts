/**
 * Names an answer that several subscribers may get: events that carry the same key are served by one execution of each
 * document (server/shared-results.ts). Keys are compared by identity. Each belongs to one event at one moment, so an
 * answer is never older than its event. Copying a row changes nothing: only the key decides.
 */
export class ShareKey {
  /** Keeps TypeScript from taking another object for a key. */
  readonly isShareKey = true;
}
