import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writeErrorOf } from '#libs/contracts/disk-full.js';

/**
 * Writes the process id to `<name>.pid`, and the process's start time to `<name>.began`, so that a later reader does
 * not mistake an unrelated process with the same id for it. Errors: DiskFullError, or the system's.
 */
export function recordProcess(name: string, pid: number): void {
  write(`${name}.pid`, `${pid}\n`);
  write(`${name}.began`, `${beganAt(pid) ?? ''}\n`);
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw writeErrorOf(path, error);
  }
}

/** Removes what recordProcess wrote. */
export function forgetProcess(name: string): void {
  rmSync(`${name}.pid`, { force: true });
  rmSync(`${name}.began`, { force: true });
}

/** The recorded process, if it runs; null also where there is no proc(5) to compare with. */
export function recordedProcess(name: string): number | null {
  const pid = Number(read(`${name}.pid`));
  if (!Number.isInteger(pid) || pid <= 1) return null;
  const began = beganAt(pid);
  return began !== null && began === read(`${name}.began`) ? pid : null;
}

/** Whether the process is stopped, by a signal (SIGSTOP) or a debugger. */
export function isStopped(pid: number): boolean {
  const state = statOf(pid)?.[0];
  return state === 'T' || state === 't';
}

/** In clock ticks since boot (proc(5), field 22); null: it does not run. */
function beganAt(pid: number): string | null {
  const fields = statOf(pid);
  const state = fields?.[0];
  return state === 'Z' || state === 'X' ? null : (fields?.[19] ?? null);
}

/** The fields of /proc/<pid>/stat (proc(5)) from the third on. The second, a name, may contain spaces. */
function statOf(pid: number): readonly string[] | null {
  const stat = read(`/proc/${pid}/stat`);
  return stat === '' ? null : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
