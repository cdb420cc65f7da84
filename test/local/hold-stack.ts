/** Starts a stack in the folder of the first argument, prints its variables and waits until stack.test.ts kills it. */
import { startStack } from '../../src/local/stack.ts';

const stack = await startStack({ dataDir: process.argv[2] ?? '', external: {}, ports: 'free', log: console.error });
console.log(JSON.stringify(stack.env));
setInterval(() => {}, 60_000);
