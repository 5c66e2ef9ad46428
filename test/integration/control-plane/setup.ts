import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { type RunningControlPlane, startControlPlane } from '#apps/control-plane/control-plane.js';
import { readSettings } from '#apps/control-plane/foundation/settings.js';
import { logForm } from '#libs/program/log.js';
import { startNats, type TestNats } from '#test/support/nats.js';
import { freshDatabase } from '#test/support/postgres.js';
import { type ApiAnswer, callApi } from './api.js';
import { SimulatedAgent } from './simulated-agent.js';

/** A control plane on real Postgres and a real nats-server, with its API for its first admin. */
export class TestControlPlane {
  readonly agents: SimulatedAgent[] = [];
  /** Its log lines over all its starts. */
  readonly log: string[] = [];
  /** How far its clock is ahead of the real one. */
  clockAheadMs = 0;
  private running: RunningControlPlane | null = null;
  private readonly folder = mkdtempSync(join(tmpdir(), 'gs-control-plane-'));
  readonly adminToken = `test_${randomBytes(24).toString('base64url')}`;

  private constructor(
    readonly databaseUrl: string,
    readonly nats: TestNats,
    private readonly environment: { readonly [name: string]: string },
  ) {
    writeFileSync(join(this.folder, 'admin-token'), `${this.adminToken}\n`, { mode: 0o600 });
  }

  /** With the keys in a folder, or new ones. */
  static async start(
    environment: { readonly [name: string]: string } = {},
    keysFolder?: string,
  ): Promise<TestControlPlane> {
    const [databaseUrl, nats] = await Promise.all([freshDatabase(), startNats(keysFolder ? { keysFolder } : {})]);
    const controlPlane = new TestControlPlane(environment.GLOBALSTACKS_DATABASE_URL ?? databaseUrl, nats, environment);
    await controlPlane.startAgain();
    return controlPlane;
  }

  async startAgain(): Promise<void> {
    const settings = readSettings({
      GLOBALSTACKS_DATABASE_URL: this.databaseUrl,
      GLOBALSTACKS_NATS_URL: this.nats.url,
      GLOBALSTACKS_KEYS_DIR: this.nats.keysFolder,
      GLOBALSTACKS_HTTP_LISTEN: '127.0.0.1:0',
      GLOBALSTACKS_BOOTSTRAP_TOKEN_FILE: join(this.folder, 'admin-token'),
      ...this.environment,
    });
    const shownLevel = process.env.TEST_LOG_LEVEL;
    const write = (line: string): void => {
      this.log.push(line);
      if (shownLevel !== undefined) process.stdout.write(line);
    };
    const logger = pino({ ...logForm({ process: 'control-plane' }), level: shownLevel ?? 'info' }, { write });
    this.running = await startControlPlane({ settings, logger, clock: () => new Date(Date.now() + this.clockAheadMs) });
  }

  async stop(): Promise<void> {
    await this.running?.close();
    this.running = null;
  }

  get url(): string {
    const address = this.running?.listening[0];
    if (address === undefined) throw new Error('the control plane is not running');
    return `http://${address.host}:${address.port}`;
  }

  /** As the admin, unless the headers name another user. */
  call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<ApiAnswer> {
    return callApi(this.url, method, path, body, { authorization: `Bearer ${this.adminToken}`, ...headers });
  }

  /** Enrols, connects, says hello and reports its sandboxes. */
  async agent(name: string, sandboxes: readonly string[] = []): Promise<SimulatedAgent> {
    const { body } = await this.call('POST', '/v1/agents/enrollment-tokens', { name });
    const agent = await SimulatedAgent.enroll(this.url, name, String(body.token));
    this.agents.push(agent);
    await agent.connect();
    await agent.report(sandboxes);
    return agent;
  }

  async end(): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.close()));
    await this.stop();
    await this.nats.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
