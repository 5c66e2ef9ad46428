import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CodedError } from '#libs/contracts/errors.js';
import { parseSettings, USAGE } from './settings.js';
import { type ReadyReport, Stack } from './stack.js';

const CLONE = fileURLToPath(new URL('../../..', import.meta.url));
const USAGE_EXIT = 2;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function readyBlock({ url, home, sandboxes, clone }: ReadyReport): string {
  return [
    'ready',
    `url: ${url}`,
    `cli: ${join(clone, 'bin', 'gstacks')}`,
    `home: ${home}`,
    `sandboxes: ${sandboxes.map(({ id, agent }) => `${id}@${agent}`).join(' ')}`,
  ].join('\n');
}

/** Resolves at the first signal that asks for the end. */
function endAsked(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}

async function main(): Promise<void> {
  const settings = parseSettings(process.argv.slice(2), process.env, CLONE);
  if (settings === 'help') {
    say(USAGE);
    return;
  }
  const asked = endAsked();
  const stack = new Stack(settings, CLONE, say);
  try {
    const starting = stack.start();
    // When the end is asked for first, what `start` was still doing fails on purpose.
    starting.catch(() => {});
    const started = await Promise.race([starting, asked]);
    if (started !== undefined) {
      say(readyBlock(started));
      void stack.buildMeshNode();
      await asked;
    }
    say('stopping');
  } finally {
    await stack.stop();
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    if (error instanceof CodedError) {
      process.stderr.write(`${error.code}: ${error.message}\n${error.remedy === null ? '' : `${error.remedy}\n`}`);
    } else {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    }
    process.exit(error instanceof CodedError && error.code === 'USAGE' ? USAGE_EXIT : 1);
  },
);
