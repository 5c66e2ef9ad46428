import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { forgetProcess, recordedProcess, recordProcess } from '#libs/program/process-record.js';

const KILL_TIMEOUT_MS = 5_000;
const POLL_MS = 20;

/** `<run>/<name>.pid` for each child, as recordProcess writes it. */
export class PidFiles {
  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
  }

  /** Errors: DiskFullError, or the system's. */
  write(name: string, pid: number): void {
    recordProcess(join(this.folder, name), pid);
  }

  remove(name: string): void {
    forgetProcess(join(this.folder, name));
  }

  /** The process recorded under this name, if it still runs. */
  alive(name: string): number | null {
    return recordedProcess(join(this.folder, name));
  }

  /** Ends processes that a killed parent left behind, except the named one; returns their names. */
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
