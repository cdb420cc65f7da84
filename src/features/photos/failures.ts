import type { Config } from '../../config.ts';
import type { PhotoFailureCode } from '../../generated/graphql.ts';

/** Explains to the owner why processing failed and which files are accepted. */
export function explainFailure(code: PhotoFailureCode, config: Config): string {
  switch (code) {
    case 'UNSUPPORTED_TYPE':
      return (
        'The file is not a JPEG, PNG, WebP or AVIF image, whatever its name says. ' +
        '(HEIC must be converted to JPEG first.)'
      );
    case 'TYPE_MISMATCH':
      return 'The file is an image, but not of the type that was declared for its upload.';
    case 'CORRUPT':
      return (
        'The file is damaged or ends too early, or decoding it takes more than an ordinary photo does. ' +
        'Send it again from the original.'
      );
    case 'TOO_MANY_PIXELS': {
      const limit = config.PHOTO_MAX_PIXELS.toLocaleString('en');
      return (
        `The image is too large: at most ${limit} pixels (width × height) are accepted, ` +
        'and about 60 million in AVIF (50 million with more than 8 bits).'
      );
    }
    case 'CHECKSUM_MISMATCH':
      return (
        "The file's bytes are not those that were declared for its upload: it was damaged on its way. " +
        'Send it again.'
      );
  }
}
