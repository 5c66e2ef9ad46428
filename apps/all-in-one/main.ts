import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CodedError } from '#libs/contracts/errors.js';
import { type Running, runProgram } from '#libs/program/run-program.js';
import { localNodeLeft } from './local-node-left.js';
import { type AllInOneSettings, parseSettings, USAGE } from './settings.js';
import { Stack, type StartedStack } from './stack.js';

const CLONE = fileURLToPath(new URL('../../..', import.meta.url));
const USAGE_EXIT = 2;

// Its output may be a full file or a closed pipe. Everything is also written to its log.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {});

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function readyBlock({ url, home, sandboxes, clone, down, consoleLink }: StartedStack): string {
  return [
    'ready',
    `url: ${url}`,
    `cli: ${cliLine(home, clone)}`,
    `home: ${home}`,
    `sandboxes: ${sandboxes.map(({ id, agent }) => `${id}@${agent}`).join(' ')}`,
    ...down.map((what) => `down: ${what}`),
    `console: ${consoleLink}`,
  ].join('\n');
}

/** The command line for this stack; without a variable, commands of the clone use the home folder in the clone. */
function cliLine(home: string, clone: string): string {
  const program = join(clone, 'bin', 'gstacks');
  if (home === join(clone, '.gstacks')) return program;
  const quoted = /^[\w./-]+$/.test(home) ? home : `'${home.replaceAll("'", "'\\''")}'`;
  return `GLOBALSTACKS_HOME=${quoted} ${program}`;
}

/** The stack stops its children before it ends, Postgres last. */
const CLOSE_WITHIN_MS = 30_000;

/** Starts the stack. If that fails, or the end is requested meanwhile, stops what was started. */
async function startStack(settings: AllInOneSettings, signal: AbortSignal): Promise<Running> {
  const stack = new Stack(settings, CLONE, say);
  signal.addEventListener('abort', () => void stack.stop());
  let started: StartedStack;
  try {
    started = await stack.start();
    say(readyBlock(started));
  } catch (error) {
    await stack.stop();
    throw error;
  }
  void stack.buildMeshNode();
  return {
    async close() {
      await stack.stop();
      for (const line of localNodeLines(started, settings.runtimeFolder)) say(line);
    },
  };
}

/** A background node is its user's and goes on; who ends the stack for good ends it as well. */
function localNodeLines({ home, url, clone }: StartedStack, runtimeFolder: string | null): readonly string[] {
  const node = localNodeLeft([...(runtimeFolder === null ? [] : [runtimeFolder]), home], url);
  if (node === null) return [];
  const networks = node.networks.length === 0 ? ['<network>'] : node.networks;
  return [
    `the background node of mesh join (pid ${node.pid}) keeps running for the next npm start with this home; to ` +
      'end it:',
    ...networks.map((network) => `  ${cliLine(home, clone)} mesh leave ${network}`),
  ];
}

function describe(error: unknown): string {
  if (error instanceof CodedError) {
    return `${error.code}: ${error.message}\n${error.remedy === null ? '' : `${error.remedy}\n`}`;
  }
  return `${error instanceof Error ? error.stack : String(error)}\n`;
}

function readSettings(): AllInOneSettings | 'help' {
  try {
    return parseSettings(process.argv.slice(2), process.env, CLONE);
  } catch (error) {
    process.stderr.write(describe(error));
    process.exit(USAGE_EXIT);
  }
}

const settings = readSettings();
if (settings === 'help') say(USAGE);
else {
  runProgram({
    start: (signal) => startStack(settings, signal),
    ending: () => say('stopping'),
    fatal: (error) => process.stderr.write(describe(error)),
    closeWithinMs: CLOSE_WITHIN_MS,
  });
}
