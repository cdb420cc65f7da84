/** Writes src/generated from schema/*.graphql and prisma/schema.prisma: `npm run generate`. */
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

const TIMEOUT_MS = 120_000;
const packages = createRequire(import.meta.url);

/**
 * Runs both generators.
 *
 * @param folder holds codegen.yml, package.json, schema/, prisma/ and node_modules/ as the repository does; the
 * generators write src/generated below it
 * @throws Error with a generator's own output when it fails or takes longer than two minutes
 */
export function generate(folder: string): void {
  run(folder, '@graphql-codegen/cli', 'graphql-codegen', ['--config', 'codegen.yml']);
  run(folder, 'prisma', 'prisma', ['generate']);
}

function run(cwd: string, packageName: string, command: string, args: string[]): void {
  const manifest = packages.resolve(`${packageName}/package.json`);
  const { bin } = packages(manifest) as { bin: Record<string, string> };
  const script = bin[command];
  if (!script) throw new Error(`The package ${packageName} has no command ${command}.`);
  const env = {
    ...process.env,
    // Prisma downloads its engine unless this file exists, and never runs it to generate: any file will do.
    PRISMA_SCHEMA_ENGINE_BINARY: join(cwd, 'package.json'),
    CHECKPOINT_DISABLE: '1',
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
  };
  try {
    execFileSync(process.execPath, [join(manifest, '..', script), ...args], {
      cwd,
      env,
      stdio: 'pipe',
      encoding: 'utf8',
      timeout: TIMEOUT_MS,
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

if (import.meta.main) {
  generate(ROOT);
  console.log('Wrote src/generated.');
}
