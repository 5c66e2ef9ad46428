import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { freePort, freeUdpPort } from './ports.js';
import { certifyServer, type ServerCertificate } from './private-authority.js';
import { waitFor } from './wait.js';

const run = promisify(execFile);
const READY_WITHIN_MS = 20_000;
const STOP_GRACE_MS = 10_000;
const LOG_TAIL = 3_000;

/** Part of a suite's name if it needs a Headscale and there is none. */
export const NEEDS_HEADSCALE = '(needs HEADSCALE_BIN)';

/** The program that HEADSCALE_BIN names; null: tests against a real Headscale are skipped. */
export function headscaleBinary(): string | null {
  return process.env.HEADSCALE_BIN?.trim() || null;
}

/** A real Headscale with its own relay and STUN, on one address, that reaches nothing beyond it. */
export interface RunningHeadscale {
  readonly url: string;
  /** For its REST API. */
  readonly apiToken: string;
  /** Clients have to trust it: SSL_CERT_FILE for mesh-node, NODE_EXTRA_CA_CERTS for Node. */
  readonly caFile: string;
  /** Creates a user; resolves with its id. */
  createUser(name: string): Promise<string>;
  /** Its command line, on this server; resolves with its output with --output json. */
  command(...args: readonly string[]): Promise<unknown>;
  log(): string;
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Stops it, or starts it with its state. */
  restart(): Promise<void>;
  /** Like stop; removes everything that it wrote. */
  remove(): Promise<void>;
}

/** `listenAddress` is an address of this machine that nodes can reach: loopback, or this machine's end of a link. */
export async function startHeadscale(listenAddress = '127.0.0.1'): Promise<RunningHeadscale> {
  const binary = headscaleBinary();
  if (binary === null) throw new Error('HEADSCALE_BIN names no Headscale');
  const folder = mkdtempSync(join(tmpdir(), 'gs-headscale-'));
  const server = new HeadscaleProcess(binary, folder);
  try {
    mkdirSync(join(folder, 'tls'), { mode: 0o700 });
    const certificate = await certifyServer(join(folder, 'tls'), listenAddress);
    const address = `${listenAddress}:${await freePort(listenAddress)}`;
    const stun = `${listenAddress}:${await freeUdpPort(listenAddress)}`;
    const url = `https://${address}`;
    writeFileSync(server.configFile, stringify(configuration(folder, certificate, { address, stun })));
    const ca = readFileSync(certificate.caFile);
    const restart = async (): Promise<void> => {
      await server.stop('SIGTERM');
      server.start();
      await waitFor('Headscale answers', () => server.requireRunning() && isHealthy(url, ca), READY_WITHIN_MS);
    };
    await restart();
    const apiToken = String(await server.command('apikeys', 'create', '--expiration', '24h'));
    return {
      url,
      apiToken,
      caFile: certificate.caFile,
      async createUser(name) {
        const { id } = (await server.command('users', 'create', name)) as { readonly id: string };
        return id;
      },
      command: (...args) => server.command(...args),
      log: () => server.log(),
      stop: (signal = 'SIGTERM') => server.stop(signal),
      restart,
      async remove() {
        await server.stop('SIGTERM');
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await server.stop('SIGKILL');
    const log = server.log();
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`${String(error)}\n${log}`);
  }
}

function configuration(
  folder: string,
  { certificateFile, keyFile }: ServerCertificate,
  { address, stun }: { readonly address: string; readonly stun: string },
): object {
  const [host] = address.split(':');
  return {
    server_url: `https://${address}`,
    listen_addr: address,
    tls_cert_path: certificateFile,
    tls_key_path: keyFile,
    unix_socket: join(folder, 'headscale.sock'),
    disable_check_updates: true,
    noise: { private_key_path: join(folder, 'noise.key') },
    database: { type: 'sqlite', sqlite: { path: join(folder, 'db.sqlite') } },
    prefixes: { v4: '100.64.0.0/10' },
    dns: { magic_dns: false, override_local_dns: false },
    derp: {
      urls: [],
      server: {
        enabled: true,
        region_id: 900,
        region_code: 'test',
        region_name: 'test',
        stun_listen_addr: stun,
        private_key_path: join(folder, 'derp.key'),
        ipv4: host,
        // A node would wait seconds for an answer over IPv6 before it counts as connected.
        ipv6: 'none',
      },
    },
    node: { ephemeral: { inactivity_timeout: '70s' } },
    // Changes are collected for this long before nodes get them.
    tuning: { batch_change_delay: '100ms', node_store_batch_timeout: '20ms' },
    log: { level: 'info' },
  };
}

class HeadscaleProcess {
  readonly configFile: string;
  private readonly logFile: string;
  private child: ChildProcess | null = null;

  constructor(
    private readonly binary: string,
    folder: string,
  ) {
    this.configFile = join(folder, 'config.yaml');
    this.logFile = join(folder, 'headscale.log');
  }

  start(): void {
    const log = openSync(this.logFile, 'a', 0o600);
    this.child = spawn(this.binary, ['-c', this.configFile, 'serve'], { stdio: ['ignore', log, log] });
    this.child.once('error', () => {}); // treated as not running
    closeSync(log);
  }

  requireRunning(): true {
    const { child } = this;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
      throw new Error('Headscale does not run');
    }
    return true;
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    const killer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
    await ended;
    clearTimeout(killer);
  }

  async command(...args: readonly string[]): Promise<unknown> {
    const { stdout } = await run(this.binary, ['-c', this.configFile, ...args, '--force', '--output', 'json']);
    return JSON.parse(stdout);
  }

  log(): string {
    try {
      return readFileSync(this.logFile, 'utf8').slice(-LOG_TAIL);
    } catch {
      return '';
    }
  }
}

function isHealthy(url: string, ca: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    get(`${url}/health`, { ca, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).once('error', () => resolve(false));
  });
}
