import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { obtainNatsServer } from '#apps/all-in-one/nats-server.js';
import { type BusAuthority, loadBusAuthority } from '#libs/bus/authority.js';
import { CLONE } from './clone.js';
import { freePort } from './ports.js';
import { waitFor } from './wait.js';

/** A real nats-server with its own keys, in a temporary folder. */
export interface TestNats {
  readonly url: string;
  readonly keysFolder: string;
  readonly authority: BusAuthority;
  /** SIGKILL; `start` restarts it on the same port with the same keys. */
  kill(): Promise<void>;
  start(): Promise<void>;
  pid(): number;
  stop(): Promise<void>;
}

export interface NatsOptions {
  /** Keys of another test server, so that both form one bus. */
  readonly keysFolder?: string;
  /** More configuration lines. */
  readonly configuration?: string;
}

export async function startNats(options: NatsOptions = {}): Promise<TestNats> {
  const binary = await obtainNatsServer(join(CLONE, '.cache'), (line) => process.stderr.write(`${line}\n`));
  const folder = mkdtempSync(join(tmpdir(), 'gs-nats-'));
  const keysFolder = options.keysFolder ?? join(folder, 'keys');
  const authority = loadBusAuthority(keysFolder);
  const port = await freePort();
  const config = join(folder, 'nats.conf');
  const listen = { host: '127.0.0.1', port, jwtFolder: join(folder, 'jwt') };
  writeFileSync(config, `${await authority.serverConfig(listen)}${options.configuration ?? ''}\n`);
  let child: ChildProcess | null = null;

  const nats: TestNats = {
    url: `nats://127.0.0.1:${port}`,
    keysFolder,
    authority,
    async start() {
      child = spawn(binary, ['-c', config], { stdio: 'ignore' });
      await waitFor('nats-server accepts connections', () => accepts(port));
    },
    async kill() {
      if (child === null || child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      child = null;
    },
    pid() {
      if (child?.pid === undefined) throw new Error('nats-server is not running');
      return child.pid;
    },
    async stop() {
      await nats.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await nats.start();
  return nats;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
