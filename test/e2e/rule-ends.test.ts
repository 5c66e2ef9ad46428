import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { HistoryPageDto } from '#libs/contracts/http/history.js';
import { connectorOf } from '#test/support/open-connection.js';
import { ownClocks } from '#test/support/own-clocks.js';
import { makeNetwork } from '#test/support/set-up.js';
import { type RunningStack, startStack } from '#test/support/stack.js';
import { stopProcesses } from '#test/support/stopped.js';
import { waitFor } from '#test/support/wait.js';

const AGENTS = ['agent-host-a', 'agent-host-b'] as const;
const PROCESSES = ['control-plane', ...AGENTS] as const;
type Process = (typeof PROCESSES)[number];

/** The guaranteed bound on the time between a rule's end and the end of its connections. */
const CUT_WITHIN_MS = 1_000;
/** For an agent that learns of the end only from the control plane. */
const TOLD_WITHIN_MS = 2_000;
const LASTS_SECONDS = 6;

interface Rule {
  readonly id: string;
  readonly until: string;
}

describe('a rule that ends', function () {
  this.timeout(120_000);
  const clocks = mkdtempSync(join(tmpdir(), 'gs-clocks-'));
  let stack: RunningStack;

  before(async () => {
    for (const name of PROCESSES) setClock(name, '+0');
    const env = { ...ownClocks(clocks), GLOBALSTACKS_LOG_LEVEL: 'debug' };
    stack = await startStack({ sandboxes: 'static', env });
    await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': 'api:8080', 'sbx-worker': 'worker:8080' });
  });

  after(async () => {
    await stack?.remove();
    rmSync(clocks, { recursive: true, force: true });
  });

  /** From now on, in libfaketime's notation. */
  function setClock(name: Process, offset: string): void {
    writeFileSync(join(clocks, name), `${offset}\n`);
  }

  async function allow(from: string, ...end: readonly string[]): Promise<Rule> {
    const rule = ['--from', from, '--to', 'api', '--port', '8080'];
    const { result } = (await stack.json(['network', 'policy', 'allow', 'dev', ...rule, ...end, '--wait'])) as {
      readonly result: Rule;
    };
    return result;
  }

  /** The end of the connection, in milliseconds since 1970. */
  const closing = (socket: Socket) => new Promise<number>((resolve) => socket.once('close', () => resolve(Date.now())));

  /** Resolves when the connection is reset, before or after the client has seen it open. */
  async function refused(connecting: Promise<Socket>): Promise<void> {
    try {
      await closing(await connecting);
    } catch (error) {
      expect(error).to.have.property('code', 'ECONNRESET');
    }
  }

  /** Does the work while the control plane is stopped. */
  async function stopped(work: () => Promise<void>): Promise<void> {
    const pid = stack.pid('control-plane');
    await stopProcesses(pid);
    await work().finally(() => process.kill(pid, 'SIGCONT'));
  }

  /** Does the work while a process's clock is wrong. */
  async function withClock(name: Process, offset: string, work: () => Promise<void>): Promise<void> {
    setClock(name, offset);
    await work().finally(() => setClock(name, '+0'));
  }

  const connector = (from: string) => connectorOf(stack, { from, network: 'dev', alias: 'api', port: 8080 });
  const open = async (from: string) => (await connector(from))();
  const history = async () => ((await stack.json(['network', 'history', 'dev'])) as HistoryPageDto).items;

  /** The time at which each agent says that the flow of this rule ended, in milliseconds since 1970. */
  function endsLogged(since: readonly number[]): readonly number[] {
    return AGENTS.flatMap((agent, index) =>
      stack
        .log(agent)
        .slice(since[index])
        .split('\n')
        .filter((line) => /"message":"flow (cut|reset)"/.test(line))
        .map((line) => Date.parse(JSON.parse(line).time)),
    );
  }

  it('ends what it let through on both hosts while the control plane is stopped, which says so afterwards', async () => {
    const { id, until } = await allow('web', '--for', `${LASTS_SECONDS}s`);
    const closed = closing(await open('sbx-web'));
    const logged = AGENTS.map((agent) => stack.log(agent).length);
    await stopped(async () => {
      await closed;
      await waitFor('both agents log the end', () => endsLogged(logged).length === AGENTS.length);
    });
    for (const at of [await closed, ...endsLogged(logged)]) {
      expect(at - Date.parse(until)).to.be.within(0, CUT_WITHIN_MS);
    }

    const ended = await waitFor('the end is written', async () =>
      (await history()).filter(({ type }) => type === 'PolicyRuleExpired').find(({ ruleId }) => ruleId === id),
    );
    expect(ended).to.include({ actor: 'control-plane', summary: `${id} ended at ${until}: allow web to api:8080` });
    await waitFor('it is told with what was cut', async () => {
      const status = (await stack.json(['network', 'show', 'dev'])) as {
        readonly version: number;
        readonly applied: { readonly flowsCut: number; readonly confirmed: number };
      };
      return status.version === ended.version && status.applied.flowsCut === 1 && status.applied.confirmed === 2;
    });
  });

  for (const name of AGENTS) {
    it(`ends in time while the control plane is stopped and the clock of ${name} is an hour behind`, async () => {
      const { until } = await allow('web', '--for', `${LASTS_SECONDS}s`);
      const closed = closing(await open('sbx-web'));
      await withClock(name, '-1h', () =>
        stopped(async () => {
          expect((await closed) - Date.parse(until)).to.be.within(0, CUT_WITHIN_MS);
        }),
      );
    });
  }

  for (const name of AGENTS) {
    it(`ends early when the clock of ${name} is set an hour ahead, and lets nothing through from then on`, async () => {
      const { id } = await allow('web', '--for', '30m');
      const connected = await connector('sbx-web');
      const closed = closing(await connected());
      try {
        await stopped(() =>
          withClock(name, '+1h', async () => {
            const setAt = Date.now();
            expect((await closed) - setAt).to.be.within(0, CUT_WITHIN_MS);
            await refused(connected());
          }),
        );
      } finally {
        await stack.json(['network', 'policy', 'remove', 'dev', id, '--wait']);
      }
    });
  }

  it('ends by the control plane where the clock of the only host is behind', async () => {
    const { until } = await allow('worker', '--for', `${LASTS_SECONDS}s`);
    const closed = closing(await open('sbx-worker'));
    await withClock('agent-host-b', '-1h', async () => {
      expect((await closed) - Date.parse(until)).to.be.within(0, TOLD_WITHIN_MS);
    });
  });

  it('ends by the clocks of agents at a time that was given, where that of the control plane is behind', async () => {
    const until = new Date(Date.now() + LASTS_SECONDS * 1_000).toISOString();
    await withClock('control-plane', '-1h', async () => {
      await allow('web', '--until', until);
      const closed = closing(await open('sbx-web'));
      expect((await closed) - Date.parse(until)).to.be.within(0, CUT_WITHIN_MS);
    });
  });
});
