/**
 * Checks that the subject of each commit has at most 72 characters. It looks at all commits that HEAD reaches and not
 * at the difference to another branch, so it also works on a fresh clone of main. A shallow clone has fewer commits to
 * check.
 */
import { execFileSync } from 'node:child_process';
import { ROOT } from './generate.ts';

const MAX_CHARACTERS = 72;
/** Subjects of earlier commits may be longer: nobody checked them. */
const SINCE = new Date('2026-11-27T12:00:00Z');

/** A commit whose subject is too long. */
interface LongSubject {
  hash: string;
  length: number;
  subject: string;
}

function findLongSubjects(): LongSubject[] {
  // Filtered by date below: `git log --since` stops at the first old commits, and may miss newer ones behind them.
  const log = execFileSync('git', ['log', '--no-merges', '--format=%h %ct %s'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  return log.split('\n').flatMap((line) => {
    const [, hash = '', seconds = '', subject = ''] = /^(\S+) (\d+) (.*)$/.exec(line) ?? [];
    const { length } = Array.from(subject);
    const isChecked = Number(seconds) * 1_000 >= SINCE.getTime();
    return isChecked && length > MAX_CHARACTERS ? [{ hash, length, subject }] : [];
  });
}

const long = findLongSubjects();
if (long.length > 0) {
  const lines = long.map(({ hash, length, subject }) => `${hash}: ${length} characters: ${subject}`);
  console.error(`${lines.join('\n')}\nShorten these commit subjects: at most ${MAX_CHARACTERS} characters.`);
  process.exitCode = 1;
} else {
  console.log(`No commit subject is longer than ${MAX_CHARACTERS} characters.`);
}
