/**
 * Checks that the documents name nothing that does not exist:
 *
 * - a code span that is a path, such as `stores/cached-rows.ts`, must be the end of a path in the repository;
 * - a code span that is an identifier, such as `addJob` or `MAIL_URL`, must occur in a file that is not a document;
 * - the target of a relative link must exist.
 *
 * CHANGELOG.md is exempt, because it also names what is gone.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from './generate.ts';
import { listFiles } from './list-files.ts';

const PATH = /`([\w./-]+\.(?:ts|js|graphql|prisma|sql|md|yml|jsonc?))`/g;
/** camelCase, PascalCase and CONSTANT_CASE: spans of one lower-case word are not only names of code. */
const IDENTIFIER = /`([A-Za-z]*[a-z][A-Z]\w*|[A-Z]{2}[A-Z_]+)`/g;
const LINK = /\]\((?!\w+:|#)([^)#\s]+)[^)]*\)/g;

const files = listFiles();
const documents = files.filter((path) => path.endsWith('.md') && path !== 'CHANGELOG.md');
const words = new Set(
  files
    .filter((path) => /\.(?:ts|js|graphql|prisma|jsonc?|yml)$/.test(path) && path !== 'package-lock.json')
    .flatMap((path) => readFileSync(join(ROOT, path), 'utf8').match(/\w+/g) ?? []),
);

/** Returns the names in a line of a document that do not exist. */
function findMissing(document: string, line: string): string[] {
  const named = (pattern: RegExp) => Array.from(line.matchAll(pattern), ([, name = '']) => name);
  return [
    ...named(PATH).filter((path) => !files.some((file) => `/${file}`.endsWith(`/${path}`))),
    ...named(IDENTIFIER).filter((name) => !words.has(name)),
    ...named(LINK).filter((path) => !existsSync(join(ROOT, dirname(document), path))),
  ];
}

const missing = documents.flatMap((document) =>
  readFileSync(join(ROOT, document), 'utf8')
    .split('\n')
    .flatMap((line, index) => findMissing(document, line).map((name) => `${document}:${index + 1}: ${name}`)),
);
if (missing.length > 0) {
  console.error(`${missing.join('\n')}\nThese names lead nowhere: correct the documents.`);
  process.exitCode = 1;
} else {
  console.log('Every file and identifier that the documents name exists.');
}
