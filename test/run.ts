import { spawn } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasGo } from '#apps/all-in-one/go-program.js';
import { obtainMeshProgram } from '#apps/all-in-one/mesh-node.js';
import { obtainNatsServer } from '#apps/all-in-one/nats-server.js';
import { CLONE } from './support/clone.js';
import { waitFor } from './support/wait.js';

/** Every check of the project, static ones first; the last line counts them. A static check counts as one. */
interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Title and error of each failure, printed again at the end, where they are easy to find. */
  readonly failures?: readonly string[];
  /** Of a suite: its name and its seconds. */
  readonly took?: string;
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
  [
    'console types',
    process.execPath,
    [join('node_modules', 'typescript-native', 'bin', 'tsc'), '-p', 'apps/console/tsconfig.json'],
  ],
];

type Suite = readonly [name: string, files: string];

/** Each runs in its own process. The longest start first, so that no long one runs alone at the end. */
const BUSY_SUITES: readonly Suite[] = [
  ['e2e-two', 'e2e/!(packed*|[a-l]*).test.js'],
  ['integration-control-plane', 'integration/control-plane/**/*.test.js'],
  ['browser', 'browser/*.test.js'],
  ['integration-mesh', 'integration/mesh*/**/*.test.js'],
  ['integration', 'integration/!(agent|mesh|mesh-keys|control-plane)/**/*.test.js'],
  ['e2e-shared', 'e2e/shared/*.test.js'],
  ['truth', 'truth/**/*.test.js'],
  ['unit', 'unit/**/*.test.js'],
];
/**
 * These use less than half of a core: they wait for processes to start, to end and to fall silent. One of them runs
 * beside one busy suite, while there are both.
 */
const WAITING_SUITES: readonly Suite[] = [
  ['integration-agent', 'integration/agent/!(docker*|podman|source-ports).test.js'],
  ['packages', 'e2e/packed*.test.js'],
  ['e2e-one', 'e2e/[a-l]*.test.js'],
  ['integration-containers', 'integration/agent/{docker*,podman}.test.js'],
];
/** Suites that compare a rate with one of some seconds before: they run alone, after the others. */
const SUITES_ALONE: readonly Suite[] = [['alone', 'integration/agent/source-ports.test.js']];
const SUITE_TIMEOUT_MS = 20 * 60_000;

/**
 * The folder for the suites' files: in memory if there is room. On a disk, tests of the record mostly wait for their
 * databases' files to be created and removed.
 */
const MEMORY = '/dev/shm';
const ROOM_BYTES = 8 * 1024 ** 3;

function folderForFiles(): string {
  const folder = mkdtempSync(join(hasRoom(MEMORY) ? MEMORY : tmpdir(), 'gs-'));
  // Postgres runs as its own user, who needs to enter the folder.
  chmodSync(folder, 0o755);
  return folder;
}

function hasRoom(memory: string): boolean {
  if (!existsSync(memory)) return false;
  const { bavail, bsize } = statfsSync(memory);
  return Math.min(bavail * bsize, freemem()) >= ROOM_BYTES;
}

/** Mocha's own program; `bin/mocha` loads it a second time, to start Node with the options of .mocharc.json. */
const MOCHA = ['--enable-source-maps', join('node_modules', 'mocha', 'lib', 'cli', 'cli.js')];

/** Runs concurrently with the others; its output is printed in one piece when it has ended. */
type Check = (folder: string, env: NodeJS.ProcessEnv) => Promise<Counts>;

/** Returns the exit code; the command's output goes into the file. */
function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv, output: string): Promise<number> {
  const out = openSync(output, 'w');
  return new Promise((resolve) => {
    const child = spawn(command, [...args], {
      cwd: CLONE,
      stdio: ['ignore', out, out],
      env,
      timeout: SUITE_TIMEOUT_MS,
    });
    closeSync(out);
    child.once('error', (error) => {
      process.stdout.write(`${command}: ${error.message}\n`);
      resolve(1);
    });
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

const staticCheck =
  ([title, command, args]: (typeof STATIC_CHECKS)[number]): Check =>
  async (folder, env) => {
    const output = join(folder, `${title}.log`);
    const passed = (await run(command, args, env, output)) === 0;
    process.stdout.write(`\n# ${title}\n${readFileSync(output, 'utf8')}${title}: ${passed ? 'ok' : 'FAILED'}\n`);
    return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0, failures: passed ? [] : [title] };
  };

const suite =
  ([name, files]: Suite): Check =>
  async (folder, env) => {
    const began = performance.now();
    const [file, output] = [join(folder, `${name}.json`), join(folder, `${name}.log`)];
    const code = await run(
      process.execPath,
      [...MOCHA, '--reporter', 'dist/test/support/counting-reporter.js', `dist/test/${files}`],
      { ...env, MOCHA_COUNTS_FILE: file },
      output,
    );
    const took = `${name}: ${Math.round((performance.now() - began) / 1_000)} s`;
    process.stdout.write(`\n# ${name}\n${readFileSync(output, 'utf8')}${took}\n`);
    const counts = { ...readCounts(file), took };
    // A run that failed without a failed test (a crash, no test found) must not count as passed.
    if (code === 0 || counts.failed > 0) return counts;
    return { ...counts, failed: 1, failures: [`${name} ended with code ${code} before it said what failed`] };
  };

/**
 * The Go tests, which scripts/setup.mjs has started: one for each test function or table row, as `go test -json`
 * reports. The folder has their output in `output`, and in `code` their exit code, or ENOENT if there is no Go.
 */
async function goSuite(folder: string): Promise<Counts> {
  const code = await waitFor("Go's tests end", () => existing(join(folder, 'code')), SUITE_TIMEOUT_MS);
  if (code === 'ENOENT') {
    process.stdout.write('\n# go\nskipped: the Go tests of apps/mesh-node; install Go 1.26 or newer to run them\n');
    return { passed: 0, failed: 0, skipped: 1 };
  }
  const output = readFileSync(join(folder, 'output'), 'utf8');
  const ended = output.split('\n').flatMap((line) => /"Action":"(pass|fail|skip)".*"Test":"([^"]+)"/.exec(line) ?? []);
  const count = (action: string): number => ended.filter((word) => word === action).length;
  const counts = { passed: count('pass'), failed: count('fail'), skipped: count('skip') };
  const shown = code === '0' ? '' : `${output}\n`;
  process.stdout.write(`\n# go\n${shown}${counts.passed} passed, ${counts.failed} failed\n`);
  if (code === '0') return counts;
  const failures = [...output.matchAll(/"Action":"fail".*"Test":"([^"]+)"/g)].map(([, test]) => `go: ${test}`);
  return { ...counts, failed: Math.max(counts.failed, 1), failures };
}

function existing(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

function readCounts(file: string): Counts {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

/** The programs that Go builds for the suites; the static checks need none of them. */
async function obtainPrograms(): Promise<void> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  await obtainNatsServer(join(CLONE, '.cache'), say);
  if (!(await hasGo())) return;
  await obtainMeshProgram('mesh-node', CLONE, say);
  await obtainMeshProgram('mesh-fixture', CLONE, say);
}

async function main(): Promise<boolean> {
  const goTests = process.env.GLOBALSTACKS_GO_TESTS;
  if (goTests === undefined) throw new Error('the Go tests have not been started: run `npm test`');
  const files = folderForFiles();
  const env = { ...process.env, PATH: `${join(process.execPath, '..')}:${process.env.PATH ?? ''}`, TMPDIR: files };
  const folder = mkdtempSync(join(tmpdir(), 'gs-test-'));
  const all: Counts[] = [];
  try {
    const programs = obtainPrograms();
    const afterPrograms =
      (check: Check): Check =>
      async (...args) => {
        await programs;
        return check(...args);
      };
    const busy = [...STATIC_CHECKS.map(staticCheck), ...BUSY_SUITES.map(suite).map(afterPrograms)];
    const waiting = WAITING_SUITES.map(suite).map(afterPrograms);
    const inTurn = async (...queues: readonly Check[][]): Promise<void> => {
      for (const queue of queues) {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) all.push(await next(folder, env));
      }
    };
    await Promise.all([programs, inTurn(busy, waiting), inTurn(waiting, busy)]);
    for (const check of SUITES_ALONE.map(suite)) all.push(await check(folder, env));
    all.push(await goSuite(goTests));
  } finally {
    for (const made of [folder, files]) rmSync(made, { recursive: true, force: true });
  }
  process.stdout.write(`\n${all.flatMap(({ took }) => took ?? []).join('\n')}\n`);
  for (const failure of all.flatMap(({ failures }) => failures ?? [])) process.stdout.write(`\nfailed: ${failure}\n`);
  const total = (key: 'passed' | 'failed' | 'skipped'): number => all.reduce((sum, counts) => sum + counts[key], 0);
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
