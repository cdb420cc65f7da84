/**
 * Checks that src/generated matches schema/ and prisma/schema.prisma: generates in a temporary folder that looks like
 * the repository, and compares. The working tree stays as it is.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate, ROOT } from './generate.ts';

const GENERATED = join('src', 'generated');

/** Reads the files below a folder, by path from that folder; none when there is no such folder. */
function readTree(folder: string): Map<string, string> {
  if (!existsSync(folder)) return new Map();
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]));
}

/** Returns one line for each file that is missing, left over or different. */
function compare(committed: Map<string, string>, fresh: Map<string, string>): string[] {
  const paths = [...new Set([...committed.keys(), ...fresh.keys()])].sort();
  return paths.flatMap((path) => {
    const name = join(GENERATED, path);
    if (!committed.has(path)) return [`  ${name} is missing`];
    if (!fresh.has(path)) return [`  ${name} is no longer generated`];
    return committed.get(path) === fresh.get(path) ? [] : [`  ${name} is out of date, or was edited by hand`];
  });
}

const folder = mkdtempSync(join(tmpdir(), 'darkroom-generated-'));
try {
  for (const name of ['codegen.yml', 'package.json', 'schema', 'prisma']) {
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
  generate(folder);
  const differences = compare(readTree(join(ROOT, GENERATED)), readTree(join(folder, GENERATED)));
  if (differences.length > 0) {
    console.error(
      `Generated code does not match schema/, prisma/schema.prisma and codegen.yml:\n${differences.join('\n')}`,
    );
    console.error('Run npm run generate, and commit src/generated.');
    process.exitCode = 1;
  } else {
    console.log('Generated code is up to date.');
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
