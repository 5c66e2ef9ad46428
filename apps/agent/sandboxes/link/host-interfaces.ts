import { type ChildProcess, spawn } from 'node:child_process';
import { ipObjects } from '../ip-command.js';
import type { HostInterface } from './link-entry.js';

/** Every interface of this process's network namespace, by name. Error: IpCommandError. */
export async function hostInterfaces(): Promise<ReadonlyMap<string, HostInterface>> {
  const [links, routes] = await Promise.all([ipObjects('link', 'show'), ipObjects('route', 'show', 'default')]);
  const uplinks = new Set(routes.map(({ dev }) => dev));
  return new Map(
    links.flatMap(({ ifindex, ifname, master }) =>
      typeof ifname === 'string' && typeof ifindex === 'number'
        ? [
            [
              ifname,
              {
                index: ifindex,
                name: ifname,
                master: typeof master === 'string' ? master : null,
                isUplink: uplinks.has(ifname),
              },
            ],
          ]
        : [],
    ),
  );
}

const AGAIN_MS = 1_000;

/** Calls `changed` whenever an interface comes, goes or changes; resolves what it started in `close`. */
export function watchInterfaces(changed: () => void, onError: (error: unknown) => void): { close(): void } {
  let child: ChildProcess | null = null;
  let again: NodeJS.Timeout | null = null;
  let closed = false;
  const begin = (): void => {
    again = null;
    const started = spawn('ip', ['-o', 'monitor', 'link'], { stdio: ['ignore', 'pipe', 'ignore'] });
    child = started;
    started.stdout.on('data', changed);
    started.on('error', onError);
    started.on('close', () => {
      if (closed) return;
      // What happened in between is seen by looking again.
      again = setTimeout(begin, AGAIN_MS);
      changed();
    });
  };
  begin();
  return {
    close() {
      closed = true;
      if (again !== null) clearTimeout(again);
      child?.kill('SIGKILL');
    },
  };
}
