/**
 * Checks that the files which Markdown names exist: a code span that is a path, such as `stores/cache.ts`, must be the
 * end of a path in the repository, and the target of a relative link must exist.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from './generate.ts';
import { listFiles } from './list-files.ts';

const SPAN = /`([\w./-]+\.(?:ts|js|graphql|prisma|sql|md|yml|jsonc?))`/g;
const LINK = /\]\((?!\w+:|#)([^)#\s]+)[^)]*\)/g;

const files = listFiles();

/** The files that a line of a document names and that do not exist. */
function findMissing(document: string, line: string): string[] {
  const named = Array.from(line.matchAll(SPAN), ([, path = '']) => path);
  const linked = Array.from(line.matchAll(LINK), ([, path = '']) => path);
  return [
    ...named.filter((path) => !files.some((file) => `/${file}`.endsWith(`/${path}`))),
    ...linked.filter((path) => !existsSync(join(ROOT, dirname(document), path))),
  ];
}

const missing = files
  .filter((path) => path.endsWith('.md'))
  .flatMap((document) =>
    readFileSync(join(ROOT, document), 'utf8')
      .split('\n')
      .flatMap((line, index) => findMissing(document, line).map((path) => `${document}:${index + 1}: ${path}`)),
  );
if (missing.length > 0) {
  console.error(`${missing.join('\n')}\nThese files do not exist: correct the documents.`);
  process.exitCode = 1;
} else {
  console.log('Every file that the documents name exists.');
}
