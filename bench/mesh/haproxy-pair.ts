import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MeshCredentials } from '#libs/mesh/flow.js';
import { freePort } from '#test/support/ports.js';
import { waitFor } from '#test/support/wait.js';

/** Two HAProxy processes with mutual TLS between them: TCP into the first leaves the second at the backend. */
export interface HaproxyPair {
  readonly port: number;
  close(): Promise<void>;
}

const COMMON = `
defaults
  mode tcp
  maxconn 10000
  timeout connect 5s
  timeout client 60s
  timeout server 60s
`;

/** Starts the pair with a mesh node's credentials at each end; null if HAProxy is not installed. */
export async function startHaproxyPair(
  client: MeshCredentials,
  server: MeshCredentials,
  backendPort: number,
): Promise<HaproxyPair | null> {
  if (spawnSync('haproxy', ['-v']).error !== undefined) return null;
  const folder = mkdtempSync(join(tmpdir(), 'gs-haproxy-'));
  const [port, between] = [await freePort(), await freePort()];
  const save = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const authority = save('authority.pem', client.authority);
  const clientPair = save('client.pem', `${client.certificate}\n${client.privateKey}`);
  const serverPair = save('server.pem', `${server.certificate}\n${server.privateKey}`);
  const near = save(
    'near.cfg',
    `${COMMON}listen near\n  bind 127.0.0.1:${port}\n  server far 127.0.0.1:${between} ssl verify required ca-file ${authority} crt ${clientPair} ssl-min-ver TLSv1.3\n`,
  );
  const far = save(
    'far.cfg',
    `${COMMON}listen far\n  bind 127.0.0.1:${between} ssl crt ${serverPair} ca-file ${authority} verify required ssl-min-ver TLSv1.3\n  server backend 127.0.0.1:${backendPort}\n`,
  );
  const children: ChildProcess[] = [];
  const close = async () => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) continue;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  for (const config of [far, near]) {
    children.push(spawn('haproxy', ['-db', '-q', '-f', config], { stdio: ['ignore', 'ignore', 'inherit'] }));
  }
  try {
    await waitFor('HAProxy accepts connections', async () => (await accepts(port)) && (await accepts(between)));
  } catch (error) {
    await close();
    throw error;
  }
  return { port, close };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
