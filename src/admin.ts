/**
 * The command line for operators: `npm run admin -- …`. It works on the stores that the environment names, or on those
 * of a running `npm start`.
 */
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { pino } from 'pino';
import { loadConfig } from './config.ts';
import { findIdentifiers, isClean, type Trace, trace } from './features/deletion/trace.ts';
import { UserErrors } from './features/kernel/errors.ts';
import { setModerator } from './features/moderation/actions.ts';
import { listFailedJobs, retryJob } from './stores/job-admin.ts';
import { openStores, type Stores } from './stores/stores.ts';

const USAGE = `Usage: npm run admin -- COMMAND

  trace USER...                         list everything that names a person: rows, jobs, Redis keys and files, and also
                                        files that belong to nobody. USER is a username, an email address or an id. For
                                        a deleted account, give all names that you know. Reads all data. Exits with 0
                                        when it finds nothing, and with 1 otherwise
  moderator add USERNAME --why TEXT     make a person a moderator; the reason is logged
  moderator remove USERNAME --why TEXT  make a moderator an ordinary person again; the reason is logged
  jobs failed                           list the jobs that failed, with their errors
  jobs retry ID                         run a failed job again

It needs the variables of \`npm run api\`. Without DATABASE_URL it uses the Darkroom that \`npm start\` runs in this
folder.`;

/** The file in which a running `npm start` stores the addresses of its stores. */
const LOCAL_ENV = '.darkroom/env';

/** The arguments are not a command. */
class UsageError extends Error {}

/** @returns the exit code */
type Command = (stores: Stores) => Promise<number>;

/** Finds the command that the arguments name. @throws UsageError */
function parse(args: readonly string[]): Command {
  const [first, second, third, ...rest] = args;
  if (first === 'trace' && second !== undefined) return (stores) => runTrace(stores, args.slice(1));
  if (first === 'moderator' && (second === 'add' || second === 'remove') && third !== undefined) {
    const [option, reason, ...more] = rest;
    if (option !== '--why' || !reason || more.length > 0) throw new UsageError('Give a reason: --why "TEXT"');
    return async (stores) => {
      await setModerator(stores, third, second === 'add', reason);
      console.log(second === 'add' ? `${third} is a moderator.` : `${third} is no longer a moderator.`);
      return 0;
    };
  }
  if (first === 'jobs' && second === 'failed' && third === undefined) return runJobsFailed;
  if (first === 'jobs' && second === 'retry' && third !== undefined && /^\d{1,18}$/.test(third) && rest.length === 0) {
    return async (stores) => {
      const isDue = await retryJob(stores.db, BigInt(third));
      console.log(isDue ? `Job ${third} runs again.` : `Job ${third} does not exist, or is running.`);
      return isDue ? 0 : 1;
    };
  }
  throw new UsageError(first === undefined ? 'Give a command.' : `There is no command "${args.join(' ')}".`);
}

async function runTrace(stores: Stores, texts: readonly string[]): Promise<number> {
  const traces = await trace(stores, await findIdentifiers(stores, texts));
  for (const line of describe(traces)) console.log(line);
  return isClean(traces) ? 0 : 1;
}

function describe({ identifiers, rows, jobs, keys, objects, orphans, report }: Trace): string[] {
  const searched = [identifiers.id, identifiers.email, ...identifiers.usernames].filter((name) => name !== null);
  const section = (title: string, lines: string[]) => [
    `${title}: ${lines.length || 'none'}`,
    ...lines.map((line) => `  ${line}`),
  ];
  return [
    `Looked for ${searched.join(', ')}`,
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
        return `${key}  in ${location}${expiresIn === null ? '' : `, expires in ${expiresIn} seconds`}`;
      }),
    ),
    ...section('Their files', objects),
    ...section('Files that belong to nobody', orphans),
    report === null
      ? `No deletion of this account is known${identifiers.id === null ? ': give its id to look for a report' : ''}.`
      : `The report of the deletion, requested at ${report.askedAt.toISOString()}, ${
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

/** The process's variables. When they name no database, those of a running `npm start` are added. */
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
    error instanceof UserErrors
      ? error.list.map((userError) => userError.message).join('\n')
      : (error as Error).message;
  console.error(isUsage ? `${message}\n\n${USAGE}` : message);
  process.exitCode = isUsage ? 2 : 3;
}
