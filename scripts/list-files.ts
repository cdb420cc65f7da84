import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './generate.ts';

/** The files of the working tree that Git tracks or would track, as paths from the repository's root. */
export function listFiles(): string[] {
  const options = ['--cached', '--others', '--exclude-standard', '-z'];
  const paths = execFileSync('git', ['ls-files', ...options], { cwd: ROOT, encoding: 'utf8' }).split('\0');
  // Git also lists files that were deleted and not yet committed, and links.
  return paths.filter((path) => path !== '' && statSync(join(ROOT, path), { throwIfNoEntry: false })?.isFile());
}
