/** What operators do by hand: `npm run admin -- …`. It works on the stores that the environment names, or on those of a running `npm start`. */
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { pino } from 'pino';
import { loadConfig } from './config.ts';
import { findIdentifiers, isClean, type Trace, trace } from './features/deletion/trace.ts';
import { UserErrors } from './features/kernel/errors.ts';
import { setModerator } from './features/moderation/actions.ts';
import { listFailedJobs, retryJob } from './stores/jobs.ts';
import { openStores, type Stores } from './stores/stores.ts';

const USAGE = `Usage: npm run admin -- COMMAND

  trace USER...                             list all that names a person: rows, jobs, keys in Redis, files; and files that
                                            belong to nobody. USER is a username, an e-mail address or an id. Of an account
                                            that is deleted, give all that you know. Reads everything there is. Ends with 0
                                            when there is nothing, with 1 otherwise
  moderator add USERNAME --why TEXT         make somebody a moderator; the reason is logged
  moderator remove USERNAME --why TEXT      make them one no more
  jobs failed                               list the jobs that failed, with their errors
  jobs retry ID                             run one of them again

It needs the variables of \`npm run api\`. Without DATABASE_URL it works on the Darkroom that \`npm start\` runs in this folder.`;

/** Where a running `npm start` tells how its stores are reached. */
const LOCAL_ENV = '.darkroom/env';

/** The command is not one that there is. */
class UsageError extends Error {}

type Command = (stores: Stores) => Promise<number>;

/** Finds the command that the arguments name. @throws UsageError */
function parse(args: readonly string[]): Command {
  const [first, second, third, ...rest] = args;
  if (first === 'trace' && second !== undefined) return (stores) => runTrace(stores, args.slice(1));
  if (first === 'moderator' && (second === 'add' || second === 'remove') && third !== undefined) {
    const [option, why, ...more] = rest;
    if (option !== '--why' || !why || more.length > 0) throw new UsageError('Say why: --why "TEXT"');
    return async (stores) => {
      await setModerator(stores, third, second === 'add', why);
      console.log(second === 'add' ? `${third} is a moderator.` : `${third} is no moderator.`);
      return 0;
    };
  }
  if (first === 'jobs' && second === 'failed' && third === undefined) return runJobsFailed;
  if (first === 'jobs' && second === 'retry' && third !== undefined && /^\d{1,18}$/.test(third) && rest.length === 0) {
    return async (stores) => {
      const found = await retryJob(stores.db, BigInt(third));
      console.log(found ? `Job ${third} runs again.` : `There is no job ${third} that is not running already.`);
      return found ? 0 : 1;
    };
  }
  throw new UsageError(first === undefined ? 'Which command?' : `There is no command "${args.join(' ')}".`);
}

async function runTrace(stores: Stores, texts: readonly string[]): Promise<number> {
  const found = await trace(stores, await findIdentifiers(stores, texts));
  for (const line of describe(found)) console.log(line);
  return isClean(found) ? 0 : 1;
}

function describe({ identifiers, rows, jobs, keys, objects, orphans, report }: Trace): string[] {
  const known = [identifiers.id, identifiers.email, ...identifiers.usernames].filter((name) => name !== null);
  const hint = identifiers.id === null ? ': give its id to look for the report of one' : '';
  const section = (title: string, lines: string[]) => [
    `${title}: ${lines.length || 'none'}`,
    ...lines.map((line) => `  ${line}`),
  ];
  return [
    `Looked for ${known.join(', ')}`,
    ...section(
      'Columns with rows that name them',
      rows.map((row) => `${row.table}.${row.column}  ${row.count}`),
    ),
    ...section(
      'Kinds of jobs that name them',
      jobs.map((job) => `${job.task}  ${job.count}`),
    ),
    ...section(
      'Keys in Redis that name them',
      keys.map(({ key, location, expiresIn }) => {
        return `${key}  in ${location}${expiresIn === null ? '' : `, for another ${expiresIn} seconds`}`;
      }),
    ),
    ...section('Their files', objects),
    ...section("Files that are nobody's", orphans),
    report === null
      ? `No deletion of this account is known${hint}.`
      : `The report of the deletion, asked for at ${report.askedAt.toISOString()}, ${
          report.finishedAt ? `finished at ${report.finishedAt.toISOString()}` : 'not finished'
        }: ${JSON.stringify(report.removed)}`,
  ];
}

async function runJobsFailed({ db }: Stores): Promise<number> {
  const jobs = await listFailedJobs(db);
  for (const { id, task, attempts, maxAttempts, lastError } of jobs) {
    console.log(`${id}  ${task}  failed ${attempts} of ${maxAttempts} times: ${lastError.split('\n', 1)[0]}`);
  }
  if (jobs.length === 0) console.log('No job has failed.');
  return 0;
}

/** The variables of the process, or, when they name no database, with those of a running `npm start`. */
function readEnvironment(): Record<string, string | undefined> {
  if (process.env.DATABASE_URL) return process.env;
  try {
    return { ...parseEnv(readFileSync(LOCAL_ENV, 'utf8')), ...process.env };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error(`DATABASE_URL is not set, and no \`npm start\` runs in this folder: there is no ${LOCAL_ENV}.`);
  }
}

try {
  const command = parse(process.argv.slice(2));
  const stores = await openStores(loadConfig(readEnvironment()), pino({ level: 'warn' }));
  try {
    process.exitCode = await command(stores);
  } finally {
    await stores.close();
  }
} catch (error) {
  const isUsage = error instanceof UsageError;
  const message =
    error instanceof UserErrors ? error.list.map((mistake) => mistake.message).join('\n') : (error as Error).message;
  console.error(isUsage ? `${message}\n\n${USAGE}` : message);
  process.exitCode = isUsage ? 2 : 3;
}
