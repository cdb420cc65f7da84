import { badInput, userError } from '../kernel/errors.ts';

/** A hashtag: it is its name, whether or not a photo has it. */
export interface HashtagRow {
  __typename: 'Hashtag';
  /** In the form in which hashtags are compared. */
  name: string;
}

/** The hashtag of a name that was folded. */
export function toHashtagRow(name: string): HashtagRow {
  return { __typename: 'Hashtag', name };
}

/** The longest hashtag, in characters. */
export const MAX_HASHTAG = 100;

/** What does not show, and what makes a digit a picture of a key, is no part of a word. */
const CHARACTER = '[[\\p{L}\\p{M}\\p{N}_]--[\\p{Default_Ignorable_Code_Point}\\u20E3]]';
/** A digit before the end of a key's picture belongs to that: it is an emoji. */
const WORD = `(?!\\p{M})(?:(?!.\\uFE0F?\\u20E3)${CHARACTER})+`;
const NAME = new RegExp(`^${WORD}$`, 'v');
/** Not within a word, nor in an address or a character reference (`&#39;`). */
const HASHTAG = new RegExp(`(?<!${CHARACTER}|[&\\/])#(${WORD})`, 'gv');

/**
 * A name in the form in which hashtags are compared: without regard to capitals and to ways of writing the same letter.
 *
 * @example foldHashtag('Straße') === foldHashtag('STRASSE')
 */
export function foldHashtag(name: string): string {
  // Through capitals, because some letters have one of those in common. First to small ones, because capital ß stays as it is in capitals.
  const folded = name.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase();
  return folded.replaceAll('ς', 'σ').normalize('NFC');
}

/**
 * The hashtags in a text, folded, each once, in the order of the text: letters, digits and underscores of any script after a `#`. An emoji ends
 * one, and what is longer than 100 characters is none.
 *
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

/** The hashtag that somebody names, with or without `#`; null when it can be none. */
function normalizeHashtag(name: string): string | null {
  // Nothing that long is one, in whatever form.
  if (name.length > 10 * MAX_HASHTAG) return null;
  const word = name.normalize('NFKC').trim().replace(/^#/, '');
  const folded = foldHashtag(word);
  return NAME.test(word) && fitsLimit(folded) ? folded : null;
}

const ALLOWED = `A hashtag has 1 to ${MAX_HASHTAG} characters: letters, digits and underscores.`;

/** The hashtag that an argument names. @throws BAD_USER_INPUT that says what is allowed */
export function requireHashtag(name: string): string {
  const hashtag = normalizeHashtag(name);
  if (hashtag === null) throw badInput(`"name" is no hashtag. ${ALLOWED}`);
  return hashtag;
}

/** The hashtag that a mutation's input names. @throws UserErrors INVALID */
export function requireHashtagInput(name: string): string {
  const hashtag = normalizeHashtag(name);
  if (hashtag === null) throw userError('INVALID', ALLOWED, 'name');
  return hashtag;
}

function fitsLimit(name: string): boolean {
  return Array.from(name).length <= MAX_HASHTAG;
}
