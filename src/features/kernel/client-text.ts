/**
 * A text as a client sent it, of any length. Normalizing, matching or splitting it could take seconds, so this type has
 * no such methods: only `boundText` makes a string of it. The generated types of all arguments and input fields have it
 * in place of `string`, so the compiler refuses a resolver that works on a text before bounding it.
 */
export interface ClientText {
  /** In UTF-16 code units. */
  readonly length: number;
  isWellFormed(): boolean;
}

/**
 * UTF-16 code units that a text may have for each allowed character. A character takes one or two; the rest is for
 * letters whose accents are sent as characters of their own, and for spaces that are removed.
 */
const UNITS_PER_CHARACTER = 4;

/**
 * More combining marks in a row than any language needs: the limit of the Stream-Safe Text Format (Unicode Standard
 * Annex 15). Normalizing takes time that is quadratic in the length of such a run.
 */
const MAX_MARKS = 30;
/** The lookbehind makes a run cost one attempt, not one for each of its marks. */
const LONG_RUN_OF_MARKS = new RegExp(`(?<!\\p{M})\\p{M}{${MAX_MARKS + 1}}`, 'u');

/** The part of a text that an error message repeats. */
const EXCERPT_UNITS = 100;

/**
 * Makes a string of a client's text, unless it is too long to work on.
 *
 * @param maxUnits in UTF-16 code units
 * @returns null for a longer text
 */
export function boundText(text: ClientText, maxUnits: number): string | null {
  return text.length > maxUnits ? null : (text as string);
}

/** Like `boundText`, for a text that may have `maxCharacters` Unicode code points once it is normalized. */
export function boundCharacters(text: ClientText, maxCharacters: number): string | null {
  return boundText(text, UNITS_PER_CHARACTER * maxCharacters);
}

/** Whether a text, already bounded, has more than 30 combining marks in a row. Do not normalize such a text. */
export function hasLongRunOfMarks(text: string): boolean {
  return LONG_RUN_OF_MARKS.test(text);
}

/** Whether PostgreSQL can store a text: it holds neither NUL nor half a surrogate pair. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

/** The beginning of a text, for an error message that repeats it. */
export function excerpt(text: ClientText): string {
  return (text as string).slice(0, EXCERPT_UNITS);
}
