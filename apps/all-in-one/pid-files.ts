import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const KILL_TIMEOUT_MS = 5_000;
const POLL_MS = 20;

/**
 * `<run>/<name>.pid` for each child. Beside it lies when that process began, so that a later start tells a child of
 * a killed parent from an unrelated process that was given the same number.
 */
export class PidFiles {
  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
  }

  write(name: string, pid: number): void {
    writeFileSync(join(this.folder, `${name}.pid`), `${pid}\n`);
    writeFileSync(join(this.folder, `${name}.began`), `${beganAt(pid) ?? ''}\n`);
  }

  remove(name: string): void {
    rmSync(join(this.folder, `${name}.pid`), { force: true });
    rmSync(join(this.folder, `${name}.began`), { force: true });
  }

  /** The running process of that name, if it is the one that was written down. */
  alive(name: string): number | null {
    const pid = Number(this.read(`${name}.pid`));
    if (!Number.isInteger(pid) || pid <= 1) return null;
    const began = beganAt(pid);
    return began !== null && began === this.read(`${name}.began`) ? pid : null;
  }

  /** Ends what a killed parent left behind, all but the one named; returns the names. */
  async endOrphans(except: string | null = null): Promise<readonly string[]> {
    const names = readdirSync(this.folder)
      .filter((file) => file.endsWith('.pid'))
      .map((file) => file.slice(0, -'.pid'.length))
      .filter((name) => name !== except);
    const ended: string[] = [];
    for (const name of names) {
      const pid = this.alive(name);
      if (pid !== null) {
        ended.push(name);
        await end(pid, () => this.alive(name) === null);
      }
      this.remove(name);
    }
    return ended;
  }

  private read(file: string): string {
    try {
      return readFileSync(join(this.folder, file), 'utf8').trim();
    } catch {
      return '';
    }
  }
}

async function end(pid: number, isGone: () => boolean): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    const deadline = performance.now() + KILL_TIMEOUT_MS;
    while (performance.now() < deadline) {
      if (isGone()) return;
      await pause(POLL_MS);
    }
  }
}

/** When the process began, in clock ticks since boot (proc(5), field 22); null when it does not run. */
function beganAt(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[0];
    return state === 'Z' || state === 'X' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
