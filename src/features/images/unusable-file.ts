import type { PhotoFailureCode } from '../../generated/graphql.ts';

/** The file cannot become a photo, and a retry would not help. */
export class UnusableFile extends Error {
  readonly code: PhotoFailureCode;

  constructor(code: PhotoFailureCode) {
    super(code);
    this.code = code;
  }
}
