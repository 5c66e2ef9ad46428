import { readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 20;
/** Fast shutdown, then immediate shutdown, then the end. */
const SIGNALS = ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const;
const PATIENCE_MS = 5_000;

/**
 * Ends a Postgres that a killed parent left behind on this data directory, and removes a pid file that names nobody
 * or another program. Postgres itself would refuse to start beside either.
 */
export async function endOrphanedPostgres(dataFolder: string): Promise<void> {
  const pidFile = join(dataFolder, 'postmaster.pid');
  for (const signal of SIGNALS) {
    const pid = readPid(pidFile);
    if (pid === null) return;
    if (!servesFolder(pid, dataFolder)) break;
    process.kill(pid, signal);
    const deadline = performance.now() + PATIENCE_MS;
    while (servesFolder(pid, dataFolder) && performance.now() < deadline) await pause(POLL_MS);
  }
  rmSync(pidFile, { force: true });
}

function readPid(pidFile: string): number | null {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8').split('\n', 1)[0]);
    return Number.isInteger(pid) && pid > 1 ? pid : null;
  } catch {
    return null;
  }
}

/** Postgres works in its data directory, which tells it from a program that was given its old pid. */
function servesFolder(pid: number, dataFolder: string): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === dataFolder;
  } catch {
    return false;
  }
}
