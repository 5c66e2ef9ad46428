import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writeErrorOf } from '#libs/contracts/disk-full.js';

/**
 * Writes a process down in `<name>.pid`. Beside it, in `<name>.began`, stands when that process began, so that a later
 * reader tells it from an unrelated process that was given the same number. Errors: DiskFullError, or the system's.
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

/** The process that was written down, if it runs; null also where there is no proc(5) to compare it with. */
export function recordedProcess(name: string): number | null {
  const pid = Number(read(`${name}.pid`));
  if (!Number.isInteger(pid) || pid <= 1) return null;
  const began = beganAt(pid);
  return began !== null && began === read(`${name}.began`) ? pid : null;
}

/** Whether a signal has stopped the process (SIGSTOP), or a debugger holds it. */
export function isStopped(pid: number): boolean {
  const state = statOf(pid)?.[0];
  return state === 'T' || state === 't';
}

/** In clock ticks since boot (proc(5), field 22); null when it does not run. */
function beganAt(pid: number): string | null {
  const fields = statOf(pid);
  const state = fields?.[0];
  return state === 'Z' || state === 'X' ? null : (fields?.[19] ?? null);
}

/** The fields of /proc/<pid>/stat (proc(5)) from the third on. The second is a name, which may hold spaces. */
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
