import { existsSync, readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/**
 * Loaded by `--import` into every Node process of a stack: an agent or the control plane re-executes itself with
 * libfaketime and its own clock, whose offset is in the file `<folder>/<process>` and may change at any time, and with
 * the variables of `<folder>/<process>.json`. The folder and the library are in this module's URL.
 */
const parameters = new URL(import.meta.url).searchParams;
const folder = parameters.get('folder') ?? '';
const library = parameters.get('library') ?? '';
const name = processName();

if (isMainThread && name !== null && process.env.LD_PRELOAD === undefined) {
  process.execve?.(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    ...environment(),
    ...furtherVariables(`${folder}/${name}.json`),
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: `${folder}/${name}`,
    FAKETIME_NO_CACHE: '1',
    // Timers use the monotonic clock, which no operator can set.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
    FAKETIME_DISABLE_SHM: '1',
  });
}

function processName(): string | null {
  if (process.env.GLOBALSTACKS_AGENT_NAME !== undefined) return `agent-${process.env.GLOBALSTACKS_AGENT_NAME}`;
  return process.env.GLOBALSTACKS_DATABASE_URL === undefined ? null : 'control-plane';
}

function environment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

function furtherVariables(file: string): Record<string, string> {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}
