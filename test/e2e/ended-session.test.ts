import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { HistoryPageDto } from '#libs/contracts/http/history.js';
import { CLONE } from '#test/support/clone.js';
import { type DatabaseSocket, openDatabaseSocket } from '#test/support/database-socket.js';
import { makeNetwork } from '#test/support/set-up.js';
import { type Running, type RunningStack, startStack } from '#test/support/stack.js';
import { stopProcesses } from '#test/support/stopped.js';
import { waitFor } from '#test/support/wait.js';

const HOSTS = ['host-a', 'host-b'] as const;
/** Longer than psql takes to connect on a busy machine. */
const LASTS_SECONDS = 8;
/** The guaranteed bound on the time between a rule's end and the end of its connections. */
const CUT_WITHIN_MS = 1_000;

interface Rule {
  readonly id: string;
  readonly until: string;
}

interface Applied {
  readonly version: number;
  readonly applied: { readonly flowsCut: number; readonly confirmed: number };
}

describe('a session of psql by a rule that ends', function () {
  this.timeout(240_000);
  let stack: RunningStack;
  let database: DatabaseSocket;
  let relay: Running;

  before(async () => {
    stack = await startStack({ sandboxes: 'netns', env: { GLOBALSTACKS_LOG_LEVEL: 'debug' } });
    database = await openDatabaseSocket(join(stack.home, 'database.sock'), 'app');
    relay = stack.inSandbox(
      'sbx-api',
      process.execPath,
      join(CLONE, 'dist/test/programs/database-relay.js'),
      database.path,
    );
    await waitFor('the database listens', () => relay.stdout().includes('listening'));
    await makeNetwork(stack, 'dev', { 'sbx-web': null, 'sbx-api': 'db:5432' });
  });

  after(async () => {
    relay?.child.kill('SIGKILL');
    await database?.close();
    await stack?.remove();
  });

  async function allow(): Promise<Rule> {
    const rule = ['--from', 'sandbox:sbx-web', '--to', 'db', '--port', '5432', '--for', `${LASTS_SECONDS}s`];
    const { result } = (await stack.json(['network', 'policy', 'allow', 'dev', ...rule, '--wait'])) as {
      readonly result: Rule;
    };
    return result;
  }

  /** A statement that is still running when the rule ends. */
  async function openSession(): Promise<Running> {
    const url = `postgresql://app:${database.password}@db.dev.gstacks/app`;
    const session = stack.inSandbox('sbx-web', 'psql', url, '-Atc', "SELECT 'open'", '-c', 'SELECT pg_sleep(600)');
    await waitFor('the session is open', () => {
      if (session.child.exitCode !== null) throw new Error(session.stderr());
      return session.stdout().includes('open');
    });
    return session;
  }

  /** When a host says that it cut or reset the session, in milliseconds since 1970. */
  function endLogged(host: string, since: number): Promise<number> {
    return waitFor(`${host} logs the end`, () => {
      const lines = stack.log(`agent-${host}`).slice(since).split('\n');
      const end = lines.find((line) => /"message":"flow (cut|reset)"/.test(line));
      return end !== undefined && Date.parse(JSON.parse(end).time);
    });
  }

  /** Whether a host's disk has what it cut. */
  function isCutOnDisk(host: string): boolean {
    const folder = join(stack.home, 'agents', host, 'networks');
    return readdirSync(folder).some((file) => /"cutAtEnd":\[\{/.test(readFileSync(join(folder, file), 'utf8')));
  }

  /** Kills the agent, and resolves when the next one serves the version on disk. */
  async function restart(host: string): Promise<void> {
    const since = stack.log(`agent-${host}`).length;
    process.kill(stack.pid(`agent-${host}`), 'SIGKILL');
    await waitFor(
      `the agent of ${host} serves again`,
      () => stack.log(`agent-${host}`).slice(since).includes('serving the saved version of a network'),
      60_000,
    );
  }

  it('is cut on both hosts while the control plane is stopped, which tells it though both agents were restarted', async () => {
    const { id, until } = await allow();
    const session = await openSession();
    const logged = HOSTS.map((host) => stack.log(`agent-${host}`).length);
    const controlPlane = stack.pid('control-plane');
    await stopProcesses(controlPlane);
    try {
      const { code, stderr } = await session.ended;
      const endedAt = Date.now();
      const logs = await Promise.all(HOSTS.map((host, index) => endLogged(host, logged[index] ?? 0)));
      for (const at of [endedAt, ...logs]) expect(at - Date.parse(until)).to.be.within(0, CUT_WITHIN_MS);
      expect({ code, stderr }).to.have.property('code', 2);
      expect(stderr).to.match(/server closed the connection unexpectedly|Connection reset by peer/);
      await waitFor('what was cut is on disk', () => HOSTS.some(isCutOnDisk));
      for (const host of HOSTS) await restart(host);
    } finally {
      process.kill(controlPlane, 'SIGCONT');
    }

    const ended = await waitFor('the end is in the history', async () => {
      const { items } = (await stack.json(['network', 'history', 'dev'])) as HistoryPageDto;
      return items.find(({ type, ruleId }) => type === 'PolicyRuleExpired' && ruleId === id);
    });
    expect(ended).to.include({
      actor: 'control-plane',
      summary: `${id} ended at ${until}: allow sandbox:sbx-web to db:5432`,
    });
    const status = await waitFor('both agents have applied it', async () => {
      const shown = (await stack.json(['network', 'show', 'dev'])) as Applied;
      return shown.version === ended.version && shown.applied.confirmed === HOSTS.length && shown;
    });
    expect(status.applied.flowsCut).to.equal(1);
  });
});
