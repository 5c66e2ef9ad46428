import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { programFile } from './programs.js';

/** Possible states of a file of the home folder. Nothing is unreadable to root. */
export const DAMAGES = ['empty', 'garbled', 'missing', 'unreadable', 'foreign'] as const;

export type Damage = (typeof DAMAGES)[number];

/** Of a database only the files that a start reads itself; the others are Postgres's own. */
const OF_POSTGRES = ['postmaster.pid', 'PG_VERSION', 'postgresql.conf', 'pg_hba.conf', 'global/pg_control'];
/** Exists while a stack runs, or after it was killed. */
const OF_A_RUN = ['all-in-one', 'postgres', 'control-plane', 'agent-host-a'].map((name) => `run/${name}.pid`);

/** The files of a home, relative to it, that a start reads. */
export function filesOfHome(home: string): readonly string[] {
  const found = readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(home, join(entry.parentPath, entry.name)))
    .filter((file) => !/^(postgres|logs|run)\//.test(file));
  return [...found.sort(), ...OF_A_RUN, ...OF_POSTGRES.map((file) => `postgres/${file}`)];
}

/** `otherHome`: the home of another stack, from which foreign files are taken. */
export function damage(home: string, file: string, how: Damage, otherHome: string | null = null): void {
  const path = join(home, file);
  mkdirSync(dirname(path), { recursive: true });
  if (how === 'empty') writeFileSync(path, '');
  if (how === 'garbled') writeFileSync(path, '\u0000 {garbled\n');
  if (how === 'missing') rmSync(path, { force: true });
  if (how === 'unreadable') {
    if (!existsSync(path)) writeFileSync(path, '');
    chmodSync(path, 0);
  }
  if (how === 'foreign') {
    const foreign = foreignFile(home, file, otherHome);
    if (foreign === null) return;
    copyFileSync(foreign, path);
  }
  if (!existsSync(path)) return;
  const { uid, gid } = statSync(file.startsWith('postgres/') ? join(home, 'postgres') : home);
  chownSync(path, uid, gid);
}

/** Whether another host or stack has such a file to put in its place. */
export function hasForeign(home: string, file: string, otherHome: string): boolean {
  return foreignFile(home, file, otherHome) !== null;
}

/** An agent's file is taken from the other agent of the same stack, every other file from the other stack. */
function foreignFile(home: string, file: string, otherHome: string | null): string | null {
  const ofOtherAgent = file.replace(/^agents\/host-([ab])/, (_, letter) => `agents/host-${letter === 'a' ? 'b' : 'a'}`);
  const foreign = ofOtherAgent === file ? otherHome && join(otherHome, file) : join(home, ofOtherAgent);
  return foreign !== null && existsSync(foreign) ? foreign : null;
}

export interface StartOutcome {
  /** silent: neither within the time. */
  readonly kind: 'ready' | 'ended' | 'silent';
  readonly tookMs: number;
  /** Standard output and standard error. */
  readonly printed: string;
  /** Resolves when all processes have ended. */
  readonly stop: () => Promise<void>;
}

export interface StartUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Starts a stack with addresses for sandboxes on this home, as `npm start` does, and returns the outcome. `user`: who
 * starts it, if not the user of this process.
 */
export async function tryStart(
  home: string,
  port: number,
  withinMs: number,
  user: StartUser | null = null,
): Promise<StartOutcome> {
  const args = ['--home', home, '--port', String(port), '--sandboxes', 'static'];
  const began = performance.now();
  const child = spawn(process.execPath, [programFile('all-in-one'), ...args], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...user,
  });
  let printed = '';
  const ready = new Promise<'ready'>((resolve) => {
    const take = (bytes: Buffer): void => {
      printed += bytes.toString();
      if (/^ready$/m.test(printed) && /^console: /m.test(printed)) resolve('ready');
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
  });
  const closed = once(child, 'close');
  const kind = await Promise.race([
    ready,
    closed.then(() => 'ended' as const),
    pause(withinMs, 'silent' as const, { ref: false }),
  ]);
  return {
    kind,
    tookMs: performance.now() - began,
    printed,
    async stop() {
      child.kill('SIGTERM');
      await closed;
    },
  };
}
