/**
 * Whatever people do, and whatever is killed, disconnected, late or emptied meanwhile: each subscriber receives
 * everything that they should, once, and nothing else. Where that is impossible, they get a gap first, and the list
 * that they then read has the rest.
 *
 * CHAOS_RUNS is the number of runs of each test. CHAOS_SEED and CHAOS_PATH, which a failure prints, repeat it.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, test } from 'vitest';
import { PEOPLE } from './live-model.ts';
import { Nodes } from './live-nodes.ts';
import { PUSH_LIMIT, Scenario } from './live-scenario.ts';

const RUNS = Number(process.env.CHAOS_RUNS ?? 4);
const { CHAOS_SEED, CHAOS_PATH } = process.env;

let nodes: Nodes;
beforeAll(async () => {
  nodes = await Nodes.start({ FEED_PUSH_LIMIT: String(PUSH_LIMIT) });
});
afterAll(() => nodes?.stop());

/**
 * A kind of step, chosen by its weight: `by` does something to the person or photo `about`, at one of the two nodes.
 */
function step<Name extends string>(weight: number, name: Name) {
  const rest = { by: fc.nat(PEOPLE.length - 1), about: fc.nat(999), node: fc.nat(1) };
  return { weight, arbitrary: fc.record({ do: fc.constant(name), ...rest }, { noNullPrototype: true }) };
}
const ordinary = [
  step(8, 'publish'),
  step(4, 'publishMany'),
  step(2, 'repeatFanOut'),
  step(7, 'comment'),
  step(5, 'like'),
  step(1, 'unlike'),
  step(2, 'block'),
  step(2, 'unblock'),
  step(2, 'unfollow'),
  step(3, 'follow'),
  step(1, 'mute'),
  step(1, 'unmute'),
  step(3, 'cut'),
  step(3, 'drop'),
  step(5, 'connect'),
  step(1, 'killApi'),
  step(1, 'killWorker'),
  step(2, 'stallWorker'),
  step(1, 'disconnectPubSub'),
  step(2, 'settle'),
] as const;
const steps = fc.oneof(...ordinary);
const stepsWithEmptyRedis = fc.oneof(...ordinary, step(2, 'emptyRedis'));
type Step = typeof stepsWithEmptyRedis extends fc.Arbitrary<infer S> ? S : never;

async function run(scenario: Scenario, { do: name, by, about, node }: Step): Promise<void> {
  const { model } = scenario;
  const pick = <T>(choices: readonly T[]) => choices[about % Math.max(1, choices.length)];
  /** Changes the relation of one of these pairs, if there are any. */
  const relate = async (pairs: readonly string[]) => {
    const [from, to] = pick(pairs)?.split('>').map(Number) ?? [];
    if (from !== undefined && to !== undefined) await scenario.changeRelation(node, name, from, to);
  };
  const everyPair = PEOPLE.flatMap((from) => PEOPLE.flatMap((to) => (from === to ? [] : `${from}>${to}`)));
  const photo = pick(model.photos.slice(-8));
  switch (name) {
    case 'publish':
      return scenario.publish(by);
    case 'publishMany':
      await Promise.all([by, by, (by + 1) % PEOPLE.length, by].map((author) => scenario.publish(author)));
      return;
    case 'repeatFanOut':
      return photo && scenario.repeatFanOut(photo);
    case 'comment':
      return photo && scenario.comment(node, by, photo);
    case 'like':
    case 'unlike':
      return photo && scenario.like(node, by, photo, name === 'like');
    case 'follow':
      return relate(everyPair.filter((pair) => !model.follows.has(pair)));
    case 'unblock':
      return relate([...model.blocks]);
    case 'unmute':
      return relate([...model.mutes]);
    case 'block':
    case 'unfollow':
    case 'mute':
      return relate(everyPair);
    case 'cut':
      return scenario.clients[by]?.cut();
    case 'drop':
      return scenario.clients[by]?.dropAfter(about % 5);
    case 'connect':
      return scenario.connect(by, node);
    case 'killApi':
      return nodes.killApi(node);
    case 'killWorker':
      return nodes.killWorker();
    case 'stallWorker':
      return nodes.stallWorker(about);
    case 'disconnectPubSub':
      return scenario.disconnectPubSub();
    case 'settle':
      return scenario.settle();
    case 'emptyRedis':
      return scenario.emptyRedis();
  }
}

/** @param isPulledArbitrary whether there are pulled authors, and others who become so */
async function check(arbitrary: fc.Arbitrary<Step>, isPulledArbitrary: fc.Arbitrary<boolean>): Promise<void> {
  const property = fc.asyncProperty(
    fc.array(arbitrary, { minLength: 30, maxLength: 50, size: 'max' }),
    isPulledArbitrary,
    async (chosen, isPulled) => {
      const scenario = await Scenario.begin(nodes, isPulled);
      try {
        for (const step of chosen) {
          await run(scenario, step);
          scenario.check();
        }
        await scenario.end();
      } finally {
        await scenario.close();
        await nodes.untilRunning();
      }
    },
  );
  // What happens depends on timing too, so shrinking would try something else.
  const replay = {
    ...(CHAOS_SEED !== undefined && { seed: Number(CHAOS_SEED) }),
    ...(CHAOS_PATH !== undefined && { path: CHAOS_PATH }),
  };
  await fc.assert(property, { numRuns: RUNS, endOnFailure: true, ...replay });
}

const timeout = 60_000 + RUNS * 30_000;

test(
  'each subscriber receives everything that they may see, once, whatever is disconnected and killed',
  { timeout },
  () => check(steps, fc.constant(false)),
);

test('the same holds with authors who are pulled or become so', { timeout }, () => check(steps, fc.constant(true)));

test(
  'when Redis is emptied, a gap comes before anything else, and the list that is then read has the rest',
  {
    timeout,
  },
  () => check(stepsWithEmptyRedis, fc.boolean()),
);
