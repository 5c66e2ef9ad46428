import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '#test/support/ports.js';
import { waitFor } from '#test/support/wait.js';

export interface Haproxy {
  readonly port: number;
  readonly pid: number;
  close(): Promise<void>;
}

/** HAProxy in TCP mode before a server on this machine, with its own buffer size or this one; null: not installed. */
export async function startHaproxy(backendPort: number, bufferBytes: number | null): Promise<Haproxy | null> {
  if (spawnSync('haproxy', ['-v']).error !== undefined) return null;
  const folder = mkdtempSync(join(tmpdir(), 'gs-haproxy-'));
  const port = await freePort();
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(
    file,
    `global
${bufferBytes === null ? '' : `  tune.bufsize ${bufferBytes}\n`}  maxconn 1000
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen proxy
  bind 127.0.0.1:${port}
  server backend 127.0.0.1:${backendPort}
`,
  );
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' });
  await waitFor('HAProxy to listen', async () => {
    const socket = connect({ host: '127.0.0.1', port });
    try {
      await once(socket, 'connect');
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  });
  return {
    port,
    pid: child.pid ?? 0,
    close: async () => {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      rmSync(folder, { recursive: true });
    },
  };
}
