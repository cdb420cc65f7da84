/** Starts a stack in the folder named, says so, and holds it until it is killed: a process for stack.test.ts to kill. */
import { startStack } from '../../src/local/stack.ts';

const stack = await startStack({ dataDir: process.argv[2] ?? '', external: {}, ports: 'free', log: console.error });
console.log(JSON.stringify(stack.env));
setInterval(() => {}, 60_000);
