import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 20;
/** Fast shutdown, immediate shutdown, kill. */
const SIGNALS = ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const;
const PATIENCE_MS = 5_000;

/**
 * Ends a Postgres that a killed parent left running on this data directory, and removes its pid file, also if that is
 * damaged or names another program. Otherwise Postgres would refuse to start.
 */
export async function endOrphanedPostgres(dataFolder: string): Promise<void> {
  const pidFile = join(dataFolder, 'postmaster.pid');
  for (const signal of SIGNALS) {
    const pid = serverOf(dataFolder, pidFile);
    if (pid === null) break;
    process.kill(pid, signal);
    const deadline = performance.now() + PATIENCE_MS;
    while (servesFolder(pid, dataFolder) && performance.now() < deadline) await pause(POLL_MS);
  }
  rmSync(pidFile, { force: true });
}

/** The server on the folder: the process in the pid file, or another one found there. */
function serverOf(dataFolder: string, pidFile: string): number | null {
  const named = readPid(pidFile);
  if (named !== null && servesFolder(named, dataFolder)) return named;
  if (process.platform !== 'linux') return null;
  const processes = readdirSync('/proc').filter(
    (entry) => /^\d+$/.test(entry) && servesFolder(Number(entry), dataFolder),
  );
  // The server's own children use the folder too.
  const pid = processes.find((entry) => !processes.includes(parentOf(entry)));
  return pid === undefined ? null : Number(pid);
}

function readPid(pidFile: string): number | null {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8').split('\n', 1)[0]);
    return Number.isInteger(pid) && pid > 1 ? pid : null;
  } catch {
    return null;
  }
}

/** Postgres's working directory is its data directory, which distinguishes it from another program with its old pid. */
function servesFolder(pid: number, dataFolder: string): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  try {
    return (
      readlinkSync(`/proc/${pid}/cwd`) === dataFolder && readFileSync(`/proc/${pid}/comm`, 'utf8') === 'postgres\n'
    );
  } catch {
    return false;
  }
}

/** Field 4 of /proc/<pid>/stat (proc(5)). */
function parentOf(pid: string): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? '';
  } catch {
    return '';
  }
}
