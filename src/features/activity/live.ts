import type { ActivityKind } from '../../generated/graphql.ts';
import { personKey } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';
import { listen, mapMessages } from '../live/listen.ts';
import { type ActivityRow, readActivity } from './list.ts';

/** What is told on a person's channel: this activity is new, or somebody joined it. */
interface ActivityMessage {
  kind: ActivityKind;
  subjectId: string;
}

/** A job that was repeated tells of an activity again: this many of the last places are remembered to leave that out. */
const REMEMBERED = 1_000;

function activityChannel(personId: bigint): string {
  return `live:${personKey('activity', personId)}`;
}

/** Tells those who listen of what is new in people's activity lists. Telling it again changes nothing. */
export async function publishActivities(
  { pubsub }: Stores,
  activities: readonly { recipientId: string; kind: string; subjectId: string }[],
): Promise<void> {
  await Promise.all(
    activities.map(({ recipientId, kind, subjectId }) =>
      pubsub.publish(activityChannel(BigInt(recipientId)), JSON.stringify({ kind, subjectId })),
    ),
  );
}

/** What others do to a person, as it happens, each place in the list once. */
export async function followActivity(
  stores: Stores,
  viewerId: bigint,
): Promise<AsyncGenerator<ActivityRow, void, void>> {
  const { messages } = await listen(stores.pubsub, activityChannel(viewerId), { distinct: true });
  const told = new Set<bigint>();
  return mapMessages<ActivityRow>(messages, null, async (text) => {
    const { kind, subjectId } = JSON.parse(text) as ActivityMessage;
    const row = await readActivity(stores, viewerId, kind, BigInt(subjectId));
    if (!row || told.has(row.place)) return null;
    told.add(row.place);
    const [oldest] = told;
    if (told.size > REMEMBERED && oldest !== undefined) told.delete(oldest);
    return { value: row };
  });
}
