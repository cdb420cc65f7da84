/**
 * Whatever people do, and whatever is killed, cut off, late or emptied meanwhile: each subscriber is told what they
 * should be told, each thing once, and nothing else; where that cannot be, they are told so first, and the list that
 * they then read anew has it.
 *
 * CHAOS_RUNS says how often each is tried; CHAOS_SEED and CHAOS_PATH, which a failure prints, repeat it.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, test } from 'vitest';
import { PEOPLE } from './live-model.ts';
import { Nodes } from './live-nodes.ts';
import { Play, PUSH_LIMIT } from './live-play.ts';

const RUNS = Number(process.env.CHAOS_RUNS ?? 4);
const { CHAOS_SEED, CHAOS_PATH } = process.env;

let nodes: Nodes;
beforeAll(async () => {
  nodes = await Nodes.start({ FEED_PUSH_LIMIT: String(PUSH_LIMIT) });
});
afterAll(() => nodes?.stop());

/**
 * One kind of step, chosen by its weight: somebody does something about somebody or something else, at one of the two
 * nodes.
 */
function step<Name extends string>(weight: number, name: Name) {
  const rest = { by: fc.nat(PEOPLE.length - 1), about: fc.nat(999), node: fc.nat(1) };
  return { weight, arbitrary: fc.record({ do: fc.constant(name), ...rest }, { noNullPrototype: true }) };
}
const ordinary = [
  step(8, 'publish'),
  step(4, 'publishMany'),
  step(2, 'repeat'),
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
  step(3, 'lose'),
  step(5, 'connect'),
  step(1, 'killApi'),
  step(1, 'killWorker'),
  step(2, 'stallWorker'),
  step(1, 'loseRedis'),
  step(2, 'settle'),
] as const;
const steps = fc.oneof(...ordinary);
const stepsWithEmptying = fc.oneof(...ordinary, step(2, 'empty'));
type Step = typeof stepsWithEmptying extends fc.Arbitrary<infer S> ? S : never;

async function run(play: Play, { do: name, by, about, node }: Step): Promise<void> {
  const { model } = play;
  const pick = <T>(from: readonly T[]) => from[about % Math.max(1, from.length)];
  /** Of these pairs any one; if there is none, nothing happens. */
  const relate = async (pairs: readonly string[]) => {
    const [one, other] = pick(pairs)?.split('>').map(Number) ?? [];
    if (one !== undefined && other !== undefined) await play.relate(node, name, one, other);
  };
  const everyPair = PEOPLE.flatMap((one) => PEOPLE.flatMap((other) => (one === other ? [] : `${one}>${other}`)));
  const photo = pick(model.photos.slice(-8));
  switch (name) {
    case 'publish':
      return play.publish(by);
    case 'publishMany':
      await Promise.all([by, by, (by + 1) % PEOPLE.length, by].map((author) => play.publish(author)));
      return;
    case 'repeat':
      return photo && play.repeat(photo);
    case 'comment':
      return photo && play.comment(node, by, photo);
    case 'like':
    case 'unlike':
      return photo && play.like(node, by, photo, name === 'like');
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
      return play.clients[by]?.cut();
    case 'lose':
      return play.clients[by]?.loseAfter(about % 5);
    case 'connect':
      return play.connect(by, node);
    case 'killApi':
      return nodes.killApi(node);
    case 'killWorker':
      return nodes.killWorker();
    case 'stallWorker':
      return nodes.stallWorker(about);
    case 'loseRedis':
      return play.loseRedis();
    case 'settle':
      return play.settle();
    case 'empty':
      return play.empty();
  }
}

/** @param heaviness whether there are heavy authors, and others who become so */
async function tryOut(arbitrary: fc.Arbitrary<Step>, heaviness: fc.Arbitrary<boolean>): Promise<void> {
  const property = fc.asyncProperty(
    fc.array(arbitrary, { minLength: 30, maxLength: 50, size: 'max' }),
    heaviness,
    async (chosen, isPulled) => {
      const play = await Play.begin(nodes, isPulled);
      try {
        for (const one of chosen) {
          await run(play, one);
          play.check();
        }
        await play.end();
      } finally {
        await play.close();
        await nodes.untilRunning();
      }
    },
  );
  // What happens depends on moments too: a smaller example would be another one.
  const replay = {
    ...(CHAOS_SEED !== undefined && { seed: Number(CHAOS_SEED) }),
    ...(CHAOS_PATH !== undefined && { path: CHAOS_PATH }),
  };
  await fc.assert(property, { numRuns: RUNS, endOnFailure: true, ...replay });
}

const timeout = 60_000 + RUNS * 30_000;

test('each subscriber is told all that they may see, once, whatever is cut and killed', { timeout }, () =>
  tryOut(steps, fc.constant(false)),
);

test('so it is with authors who have very many followers, or come to have them', { timeout }, () =>
  tryOut(steps, fc.constant(true)),
);

test(
  'when Redis is emptied, a gap is told before anything else, and the list that is then read has the rest',
  {
    timeout,
  },
  () => tryOut(stepsWithEmptying, fc.boolean()),
);
