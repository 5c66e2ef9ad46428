import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { obtainNatsServer } from '#apps/all-in-one/nats-server.js';
import { CLONE } from './support/clone.js';

/** Every check of the project, cheapest first; one closing line counts them. A static check counts as one. */
interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const BIN = join(CLONE, 'node_modules', '.bin');

const STATIC_CHECKS: readonly (readonly [string, string, readonly string[]])[] = [
  ['format and lint', join(BIN, 'biome'), ['check', '.']],
  [
    'import law',
    join(BIN, 'depcruise'),
    ['--config', '.dependency-cruiser.cjs', 'apps', 'libs', 'test', 'bench', 'migrations'],
  ],
  ['unused code', join(BIN, 'knip'), []],
];

const SUITES = ['unit', 'integration', 'e2e'] as const;
const SUITE_TIMEOUT_MS = 20 * 60_000;

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, [...args], {
      cwd: CLONE,
      stdio: ['ignore', 'inherit', 'inherit'],
      env,
      timeout: SUITE_TIMEOUT_MS,
    });
    child.once('error', (error) => {
      process.stdout.write(`${command}: ${error.message}\n`);
      resolve(1);
    });
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

async function staticCheck(
  [title, command, args]: (typeof STATIC_CHECKS)[number],
  env: NodeJS.ProcessEnv,
): Promise<Counts> {
  process.stdout.write(`\n# ${title}\n`);
  const passed = (await run(command, args, env)) === 0;
  process.stdout.write(`${title}: ${passed ? 'ok' : 'FAILED'}\n`);
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 };
}

async function suite(name: string, folder: string, env: NodeJS.ProcessEnv): Promise<Counts> {
  process.stdout.write(`\n# ${name}\n`);
  const file = join(folder, `${name}.json`);
  const code = await run(
    join(BIN, 'mocha'),
    ['--reporter', 'dist/test/support/counting-reporter.js', `dist/test/${name}/**/*.test.js`],
    { ...env, MOCHA_COUNTS_FILE: file },
  );
  const counts = readCounts(file);
  // A run that failed without a failed test (a crash, no test found) must not pass for a green one.
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

function readCounts(file: string): Counts {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

async function main(): Promise<boolean> {
  const env = { ...process.env, PATH: `${join(process.execPath, '..')}:${process.env.PATH ?? ''}` };
  const folder = mkdtempSync(join(tmpdir(), 'gs-test-'));
  const all: Counts[] = [];
  try {
    await obtainNatsServer(join(CLONE, '.cache'), (line) => process.stdout.write(`${line}\n`));
    for (const check of STATIC_CHECKS) all.push(await staticCheck(check, env));
    for (const name of SUITES) all.push(await suite(name, folder, env));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const total = (key: keyof Counts): number => all.reduce((sum, counts) => sum + counts[key], 0);
  process.stdout.write(`\n${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped\n`);
  return total('failed') === 0;
}

main().then(
  (passed) => process.exit(passed ? 0 : 1),
  (error: unknown) => {
    process.stdout.write(
      `${error instanceof Error ? error.message : String(error)}\n\n0 passed, 1 failed, 0 skipped\n`,
    );
    process.exit(1);
  },
);
