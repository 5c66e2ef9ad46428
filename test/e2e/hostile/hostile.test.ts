import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type HostileMemberSettings, hostileAgent, hostileLocalNode } from '#test/support/hostile-members.js';
import { namespaceOf } from '#test/support/sandboxes.js';
import { allow, makeNetwork } from '#test/support/set-up.js';
import { Spells } from '#test/support/spells.js';
import { type RunningStack, startStack } from '#test/support/stack.js';
import { waitFor } from '#test/support/wait.js';

/** How much longer the slowest hundredth may take beside a hostile member than beside a polite one of its CPU. */
const AT_MOST = 1.5;
const MEMORY_AT_MOST = 1.2;
const SPELLS = 4;
const SPELL_MS = 1_500;
/** What a spell leaves behind belongs to it, not to the one after. */
const AFTER_MS = 300;

type Samples = Record<'dns' | 'flow' | 'api', number[]>;

describe('one member harms nobody else', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'gs-hostile-'));
  let stack: RunningStack;
  let neighbour: Spells;
  let usual: ReadonlyMap<string, number>;

  before(async function () {
    this.timeout(180_000);
    stack = await startStack({ sandboxes: 'netns' });
    await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': 'api:8080', 'sbx-worker': 'worker:8080' });
    await allow(stack, 'dev', 'web', 'api', 8_080);
    await allow(stack, 'dev', 'worker', 'web', 8_080);
    neighbour = Spells.start('neighbour', ['api.dev.gstacks', '8080'], await namespaceOf(stack, 'sbx-web'));
    // What honest work takes is there before.
    await measured(SPELL_MS);
    usual = memory();
  });

  after(async () => {
    await neighbour?.end();
    await stack?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Resident memory of what the member might fill, in MiB. */
  function memory(): ReadonlyMap<string, number> {
    return new Map(
      ['control-plane', 'agent-host-a', 'agent-host-b'].map((name) => {
        const status = readFileSync(`/proc/${stack.pid(name)}/status`, 'utf8');
        return [name, Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1_024)];
      }),
    );
  }

  /** What the neighbour and a user of the API see for a while. */
  async function measured(ms: number): Promise<Samples> {
    const api: number[] = [];
    neighbour.go();
    const end = performance.now() + ms;
    await waitFor(
      'the spell has passed',
      async () => {
        const began = performance.now();
        const answer = await fetch(`${stack.url}/v1/networks`, { headers: { authorization: `Bearer ${stack.token}` } });
        await answer.text();
        api.push(performance.now() - began);
        return performance.now() > end;
      },
      ms + 30_000,
    );
    return { ...(await neighbour.halt<Omit<Samples, 'api'>>()), api };
  }

  /** Spells of the hostile program and of one that only burns as much, in turn, so that the machine is the same for both. */
  async function compare(hostile: Spells): Promise<{ readonly beside: Samples; readonly polite: Samples }> {
    const [beside, polite]: [Samples, Samples] = [
      { dns: [], flow: [], api: [] },
      { dns: [], flow: [], api: [] },
    ];
    const spell = async (program_: Spells, into: Samples): Promise<number> => {
      const cpu = program_.cpuSeconds();
      const began = performance.now();
      program_.go();
      const seen = await measured(SPELL_MS);
      const did = await program_.halt();
      if (did !== null) console.log('      ', JSON.stringify(did), (program_.cpuSeconds() - cpu).toFixed(2));
      for (const kind of ['dns', 'flow', 'api'] as const) into[kind].push(...seen[kind]);
      const share = (program_.cpuSeconds() - cpu) / ((performance.now() - began) / 1_000);
      await measured(AFTER_MS);
      return share;
    };
    for (let n = 0; n < SPELLS; n += 1) {
      const share = await spell(hostile, beside);
      const burn = Spells.start('burn', [String(share)]);
      await spell(burn, polite);
      await burn.end();
    }
    return { beside, polite };
  }

  async function harmsNobody(hostile: Spells): Promise<void> {
    const { beside, polite } = await compare(hostile);
    await hostile.end();
    const rows = (['dns', 'flow', 'api'] as const).map((kind) => {
      const [with_, without] = [p99(beside[kind]), p99(polite[kind])];
      return { kind, beside: with_, polite: without, ratio: with_ / without };
    });
    console.log(
      rows
        .map(
          ({ kind, ...row }) =>
            `      ${kind}: ${Object.entries(row)
              .map(([key, value]) => `${key} ${value.toFixed(2)}`)
              .join(', ')}`,
        )
        .join('\n'),
    );
    for (const { kind, ratio } of rows) expect(ratio, `p99 of ${kind}, ${JSON.stringify(rows)}`).to.be.at.most(AT_MOST);
    await waitFor(
      'memory is what it was',
      () => [...memory()].every(([name, mebibytes]) => mebibytes <= (usual.get(name) ?? 0) * MEMORY_AT_MOST),
      30_000,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify([...usual])}, now ${JSON.stringify([...memory()])}`);
    });
  }

  function member(settings: HostileMemberSettings): Spells {
    const file = join(folder, 'member.json');
    writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
    return Spells.start('hostile-member', [file]);
  }

  it('an agent that floods the bus and the mesh', async () => {
    await harmsNobody(member(await hostileAgent(stack, 'dev')));
  });

  it('a local node that floods the bus and the mesh', async () => {
    await harmsNobody(member(await hostileLocalNode(stack, 'dev')));
  });

  // Not the neighbour's own target: what a client may ask of a server is the server's to bound.
  it('a sandbox that floods the resolver and the proxy', async () => {
    const dig = stack.inSandbox('sbx-worker', 'dig', '+short', 'web.dev.gstacks');
    const address = (await dig.ended).stdout.trim();
    const namespace = await namespaceOf(stack, 'sbx-worker');
    await harmsNobody(Spells.start('hostile-sandbox', [address, '8080'], namespace));
  });

  it('and what honest members ask for works as before', async () => {
    const { stdout } = await stack.inSandbox('sbx-web', 'curl', '-sS', 'http://api.dev.gstacks:8080/').ended;
    expect(stdout).to.contain('sbx-api');
  });
});

function p99(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
}
