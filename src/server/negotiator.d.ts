/** The part of negotiator that media-type.ts uses. The library has no types of its own. */
declare module 'negotiator' {
  export default class Negotiator {
    constructor(request: { headers: { accept: string } });
    /** The type that the client prefers; undefined when it accepts none. */
    mediaType(available: readonly string[]): string | undefined;
  }
}
