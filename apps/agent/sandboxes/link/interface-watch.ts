import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface InterfaceWatcher {
  /** An interface came, went or changed. The name is its current one, or its last if it is gone. */
  changed(change: { readonly index: number; readonly name: string }): void;
  /** Changes may have been missed. */
  missed(): void;
  failed(error: unknown): void;
}

const AGAIN_MS = 1_000;
/** `12: tap0: <…`, `13: m1@p1: <…`, or either after `Deleted`. */
const CHANGE = /^(?:Deleted )?(\d+): ([^\s:@]+)/;

/** Reports every change of this process's interfaces until `close`. */
export function watchInterfaces(watcher: InterfaceWatcher): { close(): void } {
  let child: ChildProcess | null = null;
  let timer: NodeJS.Timeout | null = null;
  const begin = (): void => {
    const started = spawn('ip', ['-o', 'monitor', 'link'], { stdio: ['ignore', 'pipe', 'ignore'] });
    child = started;
    createInterface({ input: started.stdout }).on('line', (line) => {
      const change = parseChange(line);
      if (change !== null) watcher.changed(change);
    });
    started.on('error', (error) => watcher.failed(error));
    started.on('close', () => {
      if (child === null) return;
      if (timer !== null) clearTimeout(timer);
      timer = setTimeout(begin, AGAIN_MS);
    });
    // The program begins to listen a moment after its start, and does not report when.
    timer = setTimeout(() => watcher.missed(), AGAIN_MS);
  };
  begin();
  return {
    close() {
      const last = child;
      child = null;
      if (timer !== null) clearTimeout(timer);
      last?.kill('SIGKILL');
    },
  };
}

/** null: the line is about something else. */
export function parseChange(line: string): { readonly index: number; readonly name: string } | null {
  const [, index, name] = CHANGE.exec(line) ?? [];
  return index === undefined || name === undefined ? null : { index: Number(index), name };
}
