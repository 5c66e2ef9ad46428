import { execFile, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasGo } from '#apps/all-in-one/go-program.js';
import { obtainMeshProgram } from '#apps/all-in-one/mesh-node.js';
import { obtainNatsServer } from '#apps/all-in-one/nats-server.js';
import { CLONE } from './support/clone.js';

/** Every check of the project, static ones first; one closing line counts them. A static check counts as one. */
interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** A title and what was thrown, each; said again at the end, where whoever reads only that finds it. */
  readonly failures?: readonly string[];
}

const BIN = join(CLONE, 'node_modules', '.bin');
const MESH_NODE_SOURCES = join(CLONE, 'apps', 'mesh-node');

const STATIC_CHECKS: readonly (readonly [string, string, readonly string[]])[] = [
  ['format and lint', join(BIN, 'biome'), ['check', '.']],
  [
    'import law',
    join(BIN, 'depcruise'),
    ['--config', '.dependency-cruiser.cjs', 'apps', 'libs', 'test', 'bench', 'migrations'],
  ],
  ['unused code', join(BIN, 'knip'), []],
  ['console types', join(BIN, 'tsc'), ['-p', 'apps/console/tsconfig.json']],
];

type Suite = readonly [name: string, files: string];

/** Each in a process of its own. The longest come first, so that at the end none runs alone for long. */
const SUITES: readonly Suite[] = [
  ['integration-agent', 'integration/agent/**/*.test.js'],
  ['integration-control-plane', 'integration/control-plane/**/*.test.js'],
  ['e2e-one', 'e2e/[a-l]*.test.js'],
  ['e2e-two', 'e2e/[m-z]*.test.js'],
  ['truth', 'truth/**/*.test.js'],
  ['integration-mesh', 'integration/mesh*/**/*.test.js'],
  ['e2e-shared', 'e2e/shared/*.test.js'],
  ['integration', 'integration/!(agent|mesh|mesh-keys|control-plane)/**/*.test.js'],
  ['browser', 'browser/*.test.js'],
  ['unit', 'unit/**/*.test.js'],
];
/** Most of a suite's time goes into waiting for processes to start, to end and to fall silent. */
const AT_ONCE = 2;
const SUITE_TIMEOUT_MS = 20 * 60_000;

/** What runs beside the others; what it prints comes in one piece, when it has ended. */
type Check = (folder: string, env: NodeJS.ProcessEnv) => Promise<Counts>;

/** The exit code; what the command prints goes into the file. */
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
      join(BIN, 'mocha'),
      ['--reporter', 'dist/test/support/counting-reporter.js', `dist/test/${files}`],
      { ...env, MOCHA_COUNTS_FILE: file },
      output,
    );
    const seconds = Math.round((performance.now() - began) / 1_000);
    process.stdout.write(`\n# ${name}\n${readFileSync(output, 'utf8')}${name}: ${seconds} s\n`);
    const counts = readCounts(file);
    // A run that failed without a failed test (a crash, no test found) must not pass for a green one.
    if (code === 0 || counts.failed > 0) return counts;
    return { ...counts, failed: 1, failures: [`${name} ended with code ${code} before it said what failed`] };
  };

/** Go's own tests: one a test function or table row, as `go test -json` tells. */
async function goSuite(): Promise<Counts> {
  if (!(await hasGo())) {
    process.stdout.write('\n# go\nskipped: the Go tests of apps/mesh-node; install Go 1.26 or newer to run them\n');
    return { passed: 0, failed: 0, skipped: 1 };
  }
  const began = performance.now();
  const [code, output] = await new Promise<[number, string]>((resolve) => {
    const options = { cwd: MESH_NODE_SOURCES, maxBuffer: 64 * 1024 ** 2, timeout: SUITE_TIMEOUT_MS };
    execFile('go', ['test', '-json', './...'], options, (error, stdout, stderr) => {
      resolve([error === null ? 0 : 1, error === null ? stdout : `${stdout}\n${stderr}`]);
    });
  });
  const ended = output.split('\n').flatMap((line) => /"Action":"(pass|fail|skip)".*"Test":"([^"]+)"/.exec(line) ?? []);
  const count = (action: string): number => ended.filter((word) => word === action).length;
  const counts = { passed: count('pass'), failed: count('fail'), skipped: count('skip') };
  const seconds = Math.round((performance.now() - began) / 1_000);
  const shown = code === 0 ? '' : `${output}\n`;
  process.stdout.write(`\n# go\n${shown}${counts.passed} passed, ${counts.failed} failed\ngo: ${seconds} s\n`);
  if (code === 0) return counts;
  const failures = [...output.matchAll(/"Action":"fail".*"Test":"([^"]+)"/g)].map(([, test]) => `go: ${test}`);
  return { ...counts, failed: Math.max(counts.failed, 1), failures };
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
    const say = (line: string): void => void process.stdout.write(`${line}\n`);
    await obtainNatsServer(join(CLONE, '.cache'), say);
    if (await hasGo()) {
      await obtainMeshProgram('mesh-node', CLONE, say);
      await obtainMeshProgram('mesh-fixture', CLONE, say);
    }
    const left = [...STATIC_CHECKS.map(staticCheck), ...SUITES.map(suite), goSuite];
    const inTurn = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) all.push(await next(folder, env));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, inTurn));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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
