import { boundCharacters, type ClientText, hasLongRunOfMarks } from '../kernel/client-text.ts';
import { badInput, userError } from '../kernel/errors.ts';

/** A hashtag. It consists of its name alone, and exists whether or not a photo has it. */
export interface HashtagRow {
  __typename: 'Hashtag';
  /** Folded: see `foldHashtag`. */
  name: string;
}

/** The hashtag with this folded name. */
export function toHashtagRow(name: string): HashtagRow {
  return { __typename: 'Hashtag', name };
}

/** The longest hashtag, in characters. */
const MAX_HASHTAG = 100;

/** Excludes invisible characters, and U+20E3, which turns a digit into a keycap emoji. */
const CHARACTER = '[[\\p{L}\\p{M}\\p{N}_]--[\\p{Default_Ignorable_Code_Point}\\u20E3]]';
/** Excludes a digit that U+20E3 follows: together they are a keycap emoji. */
const WORD = `(?!\\p{M})(?:(?!.\\uFE0F?\\u20E3)${CHARACTER})+`;
const NAME = new RegExp(`^${WORD}$`, 'v');
/** The `#` must not follow a character of a word, a `/` (as in a URL) or an `&` (as in the reference `&#39;`). */
const HASHTAG = new RegExp(`(?<!${CHARACTER}|[&\\/])#(${WORD})`, 'gv');

/**
 * Folds a hashtag's name to the form in which hashtags are stored and compared: case and different encodings of the
 * same letter make no difference.
 *
 * @example foldHashtag('Straße') === foldHashtag('STRASSE')
 */
export function foldHashtag(name: string): string {
  // Upper case unites letters that share one capital. Lower case comes first, because capital ß is its own upper case.
  const folded = name.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase();
  return folded.replaceAll('ς', 'σ').normalize('NFC');
}

/**
 * Finds the hashtags in a text: letters, digits and underscores of any script after a `#`. An emoji ends a hashtag. A
 * word of more than 100 characters is not a hashtag.
 *
 * @returns folded names, each once, in the order of the text
 * @example parseHashtags('#Sunset at the #Plage_d’or 🌅 #sunset') // ['sunset', 'plage_d']
 */
export function parseHashtags(text: string): string[] {
  const names = new Set<string>();
  for (const [, word = ''] of text.normalize('NFKC').matchAll(HASHTAG)) {
    const name = foldHashtag(word);
    if (fitsLimit(name)) names.add(name);
  }
  return [...names];
}

/** Folds a name that a client gave, with or without `#`. Null when it is not a valid hashtag. */
function normalizeHashtag(name: ClientText): string | null {
  const bounded = boundCharacters(name, MAX_HASHTAG);
  if (bounded === null || hasLongRunOfMarks(bounded)) return null;
  const word = bounded.normalize('NFKC').trim().replace(/^#/, '');
  const folded = foldHashtag(word);
  return NAME.test(word) && fitsLimit(folded) ? folded : null;
}

const ALLOWED = `A hashtag has 1 to ${MAX_HASHTAG} characters: letters, digits and underscores.`;

/** Folds the hashtag in a query's argument. @throws BAD_USER_INPUT when it is not a valid hashtag */
export function requireHashtag(name: ClientText): string {
  const hashtag = normalizeHashtag(name);
  if (hashtag === null) throw badInput(`"name" is no hashtag. ${ALLOWED}`);
  return hashtag;
}

/** Folds the hashtag in a mutation's input. @throws UserErrors INVALID */
export function requireHashtagInput(name: ClientText): string {
  const hashtag = normalizeHashtag(name);
  if (hashtag === null) throw userError('INVALID', ALLOWED, 'name');
  return hashtag;
}

function fitsLimit(name: string): boolean {
  return Array.from(name).length <= MAX_HASHTAG;
}
