import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningPostgres, startPostgres } from '#apps/all-in-one/running-postgres.js';
import { callApi } from '#test/integration/control-plane/api.js';
import { startNats, type TestNats } from '#test/support/nats.js';
import { freePort } from '#test/support/ports.js';
import { programFile } from '#test/support/programs.js';
import { waitFor } from '#test/support/wait.js';

const READY_WITHIN_MS = 120_000;

/** A control plane as a process, with Postgres and a nats-server of its own, bounded only as far as it has to be. */
export class ScaledStore {
  private child: ChildProcess | null = null;

  private constructor(
    private readonly folder: string,
    readonly postgres: RunningPostgres,
    readonly nats: TestNats,
    private readonly port: number,
    readonly adminToken: string,
  ) {}

  static async start(): Promise<ScaledStore> {
    const folder = mkdtempSync(join(tmpdir(), 'gs-bench-scale-'));
    chmodSync(folder, 0o755);
    const postgres = await startPostgres({
      dataFolder: join(folder, 'data'),
      passwordFile: join(folder, 'password'),
      port: await freePort(),
      configuration: ['max_wal_size=4GB'],
    });
    const adminToken = `bench_${randomBytes(24).toString('base64url')}`;
    writeFileSync(join(folder, 'admin-token'), `${adminToken}\n`, { mode: 0o600 });
    const store = new ScaledStore(folder, postgres, await startNats(), await freePort(), adminToken);
    await store.startControlPlane();
    return store;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get databaseUrl(): string {
    return this.postgres.url('postgres');
  }

  get controlPlanePid(): number {
    return this.child?.pid ?? 0;
  }

  async startControlPlane(): Promise<void> {
    this.child = spawn(process.execPath, [programFile('control-plane')], {
      env: {
        PATH: process.env.PATH,
        GLOBALSTACKS_LOG_LEVEL: 'warn',
        GLOBALSTACKS_DATABASE_URL: this.databaseUrl,
        GLOBALSTACKS_NATS_URL: this.nats.url,
        GLOBALSTACKS_NATS_ADVERTISE_URL: this.nats.url,
        GLOBALSTACKS_KEYS_DIR: this.nats.keysFolder,
        GLOBALSTACKS_HTTP_LISTEN: `127.0.0.1:${this.port}`,
        GLOBALSTACKS_BOOTSTRAP_TOKEN_FILE: join(this.folder, 'admin-token'),
        // All agents enrol from one address.
        GLOBALSTACKS_REQUESTS_PER_MINUTE: '1000000',
        GLOBALSTACKS_PUBLIC_REQUESTS_PER_MINUTE: '1000000',
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await waitFor('the control plane is ready', () => this.isReady(), READY_WITHIN_MS);
  }

  /** SIGTERM, and its end. */
  async stopControlPlane(): Promise<void> {
    const { child } = this;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  }

  /** As the admin. Fails on any answer but success. */
  async call(method: string, path: string, body?: object): Promise<{ readonly [member: string]: unknown }> {
    const answer = await callApi(this.url, method, path, body, { authorization: `Bearer ${this.adminToken}` });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.body;
  }

  async stop(): Promise<void> {
    await this.stopControlPlane();
    await this.nats.stop();
    await this.postgres.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async isReady(): Promise<boolean> {
    if (this.child?.exitCode !== null) throw new Error('the control plane ended');
    const answer = await fetch(`${this.url}/readyz`).catch(() => null);
    return answer?.ok === true;
  }
}
