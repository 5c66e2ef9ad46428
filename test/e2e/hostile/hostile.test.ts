import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { type HostileMemberSettings, hostileAgent, hostileLocalNode } from '#test/support/hostile-members.js';
import { repeatable, type TurnPair, type TurnTimes, takeTurns } from '#test/support/paired-turns.js';
import { namespaceOf } from '#test/support/sandboxes.js';
import { allow, makeNetwork } from '#test/support/set-up.js';
import { Spells } from '#test/support/spells.js';
import { type RunningStack, startStack } from '#test/support/stack.js';
import { waitFor } from '#test/support/wait.js';

/** How much longer the slowest hundredth may take beside a hostile member than beside a polite one of its CPU. */
const BOUNDS = { atMost: 1.5, leastPairs: 20, mostPairs: 80, pairsBetweenLooks: 15 };
const MEMORY_AT_MOST = 1.2;
/** V8 gives memory back once a process has had little to do for some tens of seconds, also after honest work alone. */
const MEMORY_WITHIN_MS = 60_000;
const TURN_MS = 250;
/** What a member leaves behind belongs to its turn. */
const AFTER_MS = 50;
const WARM_UP_MS = 5_000;

const KINDS = ['dns', 'flow', 'api'] as const;
type Times = Record<(typeof KINDS)[number], TurnTimes>;

/**
 * Each hostile member has its turns beside a neighbour that looks names up and opens connections, and beside a user of
 * the API; a polite member, which does nothing but use as much CPU, has the other turns. test/support/paired-turns says
 * how many turns are taken and what they decide.
 */
describe('one member harms nobody else', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'gs-hostile-'));
  let stack: RunningStack;
  let neighbour: Spells;
  let apiUser: Spells;
  let usual: ReadonlyMap<string, number>;

  before(async function () {
    this.timeout(180_000);
    stack = await startStack({ sandboxes: 'netns' });
    await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': 'api:8080', 'sbx-worker': 'worker:8080' });
    await allow(stack, 'dev', 'web', 'api', 8_080);
    await allow(stack, 'dev', 'worker', 'web', 8_080);
    neighbour = Spells.start('neighbour', ['api.dev.gstacks', '8080'], await namespaceOf(stack, 'sbx-web'));
    const user = join(folder, 'user.json');
    writeFileSync(user, JSON.stringify({ url: stack.url, token: stack.token }), { mode: 0o600 });
    apiUser = Spells.start('api-user', [user]);
    // What honest work takes is there before.
    await measured(WARM_UP_MS);
    usual = memory();
  });

  after(async () => {
    await Promise.all([neighbour?.end(), apiUser?.end()]);
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

  /** How long the calls of the neighbour and of the user of the API take for a while. */
  async function measured(ms: number): Promise<Times> {
    neighbour.go();
    apiUser.go();
    await pause(ms);
    const [ofNeighbour, ofUser] = await Promise.all([
      neighbour.halt<Omit<Times, 'api'>>(),
      apiUser.halt<Pick<Times, 'api'>>(),
    ]);
    return { ...ofNeighbour, ...ofUser };
  }

  async function turn(member: Spells, how: string): Promise<Times> {
    member.go(how);
    const [seen] = await Promise.all([measured(TURN_MS + AFTER_MS), pause(TURN_MS).then(() => member.halt())]);
    return seen;
  }

  async function harmsNobody(hostile: Spells): Promise<void> {
    const polite = Spells.start('burn', []);
    const before = hostile.cpuSeconds();
    let turns = 0;
    const hostileTurn = async (): Promise<Times> => {
      turns += 1;
      return turn(hostile, '');
    };
    /** As much CPU as the hostile member has used in its turns so far. */
    const politeTurn = (): Promise<Times> =>
      turn(polite, String((hostile.cpuSeconds() - before) / ((turns * TURN_MS) / 1_000)));
    const takePair = async (hostileFirst: boolean) => {
      const first = hostileFirst ? await hostileTurn() : null;
      const usual = await politeTurn();
      const tried = first ?? (await hostileTurn());
      const pair = (kind: keyof Times): TurnPair => ({ tried: tried[kind], usual: usual[kind] });
      return { dns: pair('dns'), flow: pair('flow'), api: pair('api') };
    };
    // How much CPU the hostile member uses is known after its first turn, which counts for nothing else.
    await hostileTurn();
    const findings = await takeTurns(KINDS, takePair, BOUNDS, repeatable(1));
    await Promise.all([hostile.end(), polite.end()]);
    for (const { kind, isKept } of findings)
      expect(isKept, `p99 of ${kind}: ${JSON.stringify(findings)}`).to.equal(true);
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

  it('and memory returns to what it was before them', async () => {
    await waitFor(
      'memory is what it was',
      () => [...memory()].every(([name, mebibytes]) => mebibytes <= (usual.get(name) ?? 0) * MEMORY_AT_MOST),
      MEMORY_WITHIN_MS,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify([...usual])}, now ${JSON.stringify([...memory()])}`);
    });
  });
});
