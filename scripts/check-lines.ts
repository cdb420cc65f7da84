/**
 * Checks that no line of a text file in the repository is wider than 120 columns. Biome wraps code only: it leaves
 * comments, strings and Markdown as they are.
 *
 * Exempt are files that nobody writes by hand or that must not change (EXEMPT), and lines that cannot be wrapped
 * (isUnbreakable).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './generate.ts';
import { listFiles } from './list-files.ts';

/** As in biome.json and .editorconfig. */
const MAX_COLUMNS = 120;

const EXEMPT = [
  /^src\/generated\//,
  /^package(-lock)?\.json$/,
  /^LICENSE$/,
  // Databases hold the checksums of the migrations that they have applied.
  /^prisma\/migrations\//,
  // A line break within a description is part of the API's text.
  /^schema\/.*\.graphql$/,
];

/** Whether a line cannot be wrapped: a row of a Markdown table, or a URL alone after a comment or list marker. */
function isUnbreakable(path: string, line: string): boolean {
  return (path.endsWith('.md') && line.startsWith('|')) || /^[\s/*#>-]*https?:\/\/\S+$/.test(line);
}

/** The lines of a file that are too wide, as `path:line: width`. */
function findWideLines(path: string): string[] {
  const text = readFileSync(join(ROOT, path), 'utf8');
  if (text.includes('\0')) return [];
  // Programs' output is quoted as it is, in blocks marked ```text.
  let isOutput = false;
  return text.split('\n').flatMap((line, index) => {
    if (path.endsWith('.md') && line.startsWith('```')) isOutput = line === '```text';
    const { length } = Array.from(line);
    if (length <= MAX_COLUMNS || isOutput || isUnbreakable(path, line)) return [];
    return [`${path}:${index + 1}: ${length} columns`];
  });
}

const wide = listFiles()
  .filter((path) => !EXEMPT.some((pattern) => pattern.test(path)))
  .flatMap(findWideLines);
if (wide.length > 0) {
  console.error(`${wide.join('\n')}\nWrap these lines: at most ${MAX_COLUMNS} columns.`);
  process.exitCode = 1;
} else {
  console.log(`No line is wider than ${MAX_COLUMNS} columns.`);
}
