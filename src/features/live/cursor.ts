/** Cursors of subscriptions: the position in each channel up to which the client has received everything. */
import { isChannelName } from '../../stores/channel-names.ts';
import { isEntryId, type StreamPosition, UNKNOWN_POSITION } from '../../stores/streams.ts';
import { boundText, type ClientText } from '../kernel/client-text.ts';
import { badInput } from '../kernel/errors.ts';

/**
 * In characters. A position takes about 100, and a viewer who follows a thousand pulled authors has a thousand of them.
 */
const MAX_CURSOR_LENGTH = 150_000;

/** Writes a cursor. @param positions by the names of the channels */
export function toCursor(positions: ReadonlyMap<string, StreamPosition>): string {
  const entries: [string, string, string][] = [];
  for (const [name, { epoch, id }] of positions) {
    // Leaves out a channel whose first gap has not been delivered, so that a client that resumes here gets that gap.
    if (epoch !== UNKNOWN_POSITION.epoch) entries.push([name, epoch, id]);
  }
  return Buffer.from(JSON.stringify(entries)).toString('base64url');
}

/**
 * Reads a cursor.
 *
 * @returns positions by the names of the channels, at least the first one's
 * @param firstChannel the channel that is in every cursor of the subscription
 * @throws BAD_USER_INPUT when it is not a cursor of this subscription
 */
export function parseCursor(cursor: ClientText, firstChannel: string): Map<string, StreamPosition> {
  const positions = new Map<string, StreamPosition>();
  try {
    const text = boundText(cursor, MAX_CURSOR_LENGTH);
    if (text === null) throw new Error('too long');
    for (const entry of JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[]) {
      const [name, epoch, id] = toTexts(entry);
      if (!isChannelName(name) || epoch === '' || !isEntryId(id)) throw new Error('not a position');
      positions.set(name, { epoch, id });
    }
  } catch {
    throw badInput('"after" is not a cursor of this subscription: take it from its events.');
  }
  if (!positions.has(firstChannel)) throw badInput('"after" is not a cursor of this subscription.');
  return positions;
}

/** The texts of an entry. A forged cursor may hold anything in their place, such as a list that only looks like one. */
function toTexts(entry: unknown): [name: string, epoch: string, id: string] {
  if (!Array.isArray(entry) || entry.some((part) => typeof part !== 'string')) throw new Error('not texts');
  const [name = '', epoch = '', id = ''] = entry as string[];
  return [name, epoch, id];
}
