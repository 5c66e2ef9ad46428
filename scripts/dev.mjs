// What `npm run dev` goes on with once everything is built: the stack of `npm start`, and tsc, which watches the
// sources. After each compilation the bundles that are stale are made again, and the processes whose bundle has another
// content are ended. The stack starts them again.
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const CLONE = dirname(dirname(fileURLToPath(import.meta.url)));
const BUNDLES = join(CLONE, 'dist', 'programs', 'bundles');
const TSC = join(CLONE, 'node_modules', 'typescript-native', 'bin', 'tsc');

/** The processes of the stack that run a bundle, by the names of their pid files. */
const PROCESSES = { 'control-plane': /^control-plane$/, agent: /^agent-/, 'dns-worker': /^agent-/ };

const say = (line) => process.stdout.write(`dev: ${line}\n`);

function hashes() {
  const names = readdirSync(BUNDLES).filter((name) => name.endsWith('.cjs'));
  const hashOf = (name) =>
    createHash('sha256')
      .update(readFileSync(join(BUNDLES, name)))
      .digest('hex');
  return new Map(names.map((name) => [name.slice(0, -'.cjs'.length), hashOf(name)]));
}

let runFolder = null;
let known = hashes();

function restart(pattern) {
  if (runFolder === null) return;
  for (const file of readdirSync(runFolder)) {
    const name = file.replace(/\.pid$/, '');
    if (!file.endsWith('.pid') || !pattern.test(name)) continue;
    say(`${name}: its sources changed`);
    process.kill(Number(readFileSync(join(runFolder, file), 'utf8')), 'SIGTERM');
  }
}

/** The first compilation finds what is built already. */
let isWatching = false;

async function takeChanges() {
  await promisify(execFile)(process.execPath, [join('scripts', 'bundle.mjs')], { cwd: CLONE });
  const now = hashes();
  const changed = [...now.keys()].filter((name) => now.get(name) !== known.get(name));
  known = now;
  const patterns = new Set(changed.flatMap((name) => PROCESSES[name] ?? []).map(String));
  for (const pattern of Object.values(PROCESSES)) if (patterns.delete(String(pattern))) restart(pattern);
  if (!isWatching) say('watching the sources');
  isWatching = true;
  if (changed.includes('all-in-one')) say('the stack itself changed: end it and run `npm run dev` again');
}

/** One after the other: two runs of the bundler would write the same files. */
let last = Promise.resolve();
function afterCompilation() {
  last = last.then(takeChanges).catch((error) => say(String(error?.stderr || error)));
}

const stack = spawn(process.execPath, [join(CLONE, 'dist', 'programs', 'all-in-one.js'), ...process.argv.slice(2)], {
  stdio: ['inherit', 'pipe', 'inherit'],
});
stack.stdout.setEncoding('utf8').on('data', (text) => {
  process.stdout.write(text);
  const home = /^home: (.+)$/m.exec(text)?.[1];
  if (home !== undefined) runFolder = join(home, 'run');
});

const compiler = spawn(process.execPath, [TSC, '-p', 'tsconfig.json', '--watch', '--preserveWatchOutput'], {
  cwd: CLONE,
  stdio: ['ignore', 'pipe', 'inherit'],
});
compiler.stdout.setEncoding('utf8').on('data', (text) => {
  if (/Found 0 errors/.test(text)) afterCompilation();
  else if (/error/.test(text)) process.stdout.write(text);
});

// In a terminal, Ctrl-C reaches the stack and the compiler too.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stack.kill(signal));
stack.once('exit', (code, signal) => {
  compiler.kill();
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
});
