import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { type AgentId, parseFlowId, parseRuleId } from '#libs/contracts/ids.js';
import { FlowRig, HOST_A, HOST_B, outcomeOf, PATHS, type RigOptions } from '#test/support/flow-rig.js';
import { createHeldDial, type HeldDial } from '#test/support/held-dial.js';
import { waitFor } from '#test/support/wait.js';

const END = '2026-01-31T10:00:00.000Z';
const END_MS = Date.parse(END);
const HOUR_MS = 3_600_000;

describe('a rule that ends while what it let through is open', () => {
  let rig: FlowRig;
  /** The true time, which the test advances, and how far each host's clock is ahead of it. */
  let timeMs: number;
  /** How often each host has read its clock. */
  const looks = { a: 0, b: 0 };
  afterEach(() => rig.close());

  async function start(
    path: Pick<RigOptions, 'target' | 'mesh' | 'limits' | 'seams' | 'isFresh' | 'rulesEnded'>,
    ahead: { readonly a?: number; readonly b?: number } = {},
  ) {
    timeMs = END_MS - 2 * HOUR_MS;
    rig = await FlowRig.start({
      ...path,
      serve: (socket) => socket.on('data', (bytes) => socket.write(bytes)),
      seamsAt: {
        [HOST_A]: { nowMs: () => clock('a', ahead.a) },
        [HOST_B]: { nowMs: () => clock('b', ahead.b) },
      },
    });
    const [always] = rig.view(1).rules.values();
    const rule = `sandbox:sbx-web api ${always?.port}`;
    const ending = rig.view(1, { allow: [`${rule} until=${END}`] });
    rig.apply(ending);
    return { ending, rule };
  }

  function clock(host: 'a' | 'b', aheadMs = 0): number {
    looks[host] += 1;
    return timeMs + aheadMs;
  }

  /** Resolves when both hosts have read their clocks and continued. */
  async function looked(): Promise<void> {
    const { a, b } = looks;
    await waitFor('both hosts look at their clocks', () => looks.a > a + 1 && looks.b > b + 1);
  }

  async function greeted(): Promise<Socket> {
    const client = rig.connect();
    client.write('hello');
    await once(client, 'data');
    return client;
  }

  const over = () => rig.hostA.flows().length + rig.hostB.flows().length === 0;

  for (const path of PATHS) {
    it(`cuts it at both ends ${path.name}, and tells the cut with the version that has the rule no more`, async () => {
      const { rule } = await start(path);
      const outcomes = [await greeted(), ...rig.targets].map(outcomeOf);
      timeMs = END_MS;
      await waitFor('the flows are over', over, 1_000);
      expect(await Promise.all(outcomes)).to.deep.equal(['ECONNRESET', 'ECONNRESET']);
      expect(rig.records.filter(({ outcome }) => outcome === 'cut').map(({ code }) => code)).to.include('RULE_ENDED');
      const [cut] = rig.records.filter(({ outcome }) => outcome === 'cut').map(({ flowId }) => flowId);

      expect(rig.apply(rig.view(2, { allow: [`${rule} until=${END}`] }))).to.deep.equal([]);
      expect(rig.apply(rig.view(3, { allow: [] }))).to.deep.equal([cut]);
      expect(rig.apply(rig.view(4, { allow: [] }))).to.deep.equal([]);
    });
  }

  /** How far clocks are ahead, and when the flow ends by the true time. */
  for (const [what, ahead, at] of [
    ['the clock of the source host is an hour behind', { a: -HOUR_MS }, END_MS],
    ['the clock of the target host is an hour behind', { b: -HOUR_MS }, END_MS],
    ['the clock of the source host is an hour ahead', { a: HOUR_MS }, END_MS - HOUR_MS],
    ['the clock of the target host is an hour ahead', { b: HOUR_MS }, END_MS - HOUR_MS],
    ['one clock is an hour behind and the other ahead', { a: -HOUR_MS, b: HOUR_MS }, END_MS - HOUR_MS],
  ] as const) {
    it(`is over in time, or early, when ${what}`, async () => {
      await start({ target: 'other host' }, ahead);
      const outcome = outcomeOf(await greeted());
      timeMs = at - 1;
      await looked();
      expect(over()).to.equal(false);
      timeMs = at;
      await waitFor('the flow is over', over, 1_000);
      expect(await outcome).to.equal('ECONNRESET');
      expect(await outcomeOf(rig.connect())).to.equal('ECONNRESET');
    });
  }

  it('leaves it open while another rule lets it through, and cuts it when that ends', async () => {
    const { rule } = await start({ target: 'other host' });
    const later = new Date(END_MS + HOUR_MS).toISOString();
    rig.apply(rig.view(2, { allow: [`${rule} until=${END}`, `${rule} until=${later}`] }));
    const client = await greeted();
    timeMs = END_MS;
    await looked();
    client.write('still');
    await once(client, 'data');
    timeMs = END_MS + HOUR_MS;
    await waitFor('the flow is over', over, 1_000);
    // Reported with the version without the rule that decided last, whatever happens to the first rule.
    expect(rig.apply(rig.view(3, { allow: [`${rule} until=${END}`] }))).to.have.length(1);
  });

  it('tells each cut once, with the version that has its rule no more', async () => {
    const { rule } = await start({ target: 'same host' });
    const [end, later] = [`${rule} until=${END}`, `${rule} until=${new Date(END_MS + HOUR_MS).toISOString()}`];
    await greeted();
    const [first] = rig.hostA.flows();
    timeMs = END_MS;
    await waitFor('the first flow is over', over, 1_000);
    rig.apply(rig.view(2, { allow: [end, later] }));
    await greeted();
    const [second] = rig.hostA.flows();
    timeMs = END_MS + HOUR_MS;
    await waitFor('the second flow is over', over, 1_000);
    expect(rig.apply(rig.view(3, { allow: [end] }))).to.deep.equal([second?.flowId]);
    expect(rig.apply(rig.view(4, { allow: [] }))).to.deep.equal([first?.flowId]);
  });

  it('says at once what has to survive a restart, and tells what an earlier process cut', async () => {
    const ended: AgentId[] = [];
    const { ending, rule } = await start({ target: 'same host', rulesEnded: (agentId) => ended.push(agentId) });
    await greeted();
    const [flow] = rig.hostA.flows();
    timeMs = END_MS;
    await waitFor('the flow is over', over, 1_000);
    expect(ended).to.deep.equal([HOST_A]);
    const cut = rig.hostA.cutAtEnd(ending.networkId);
    expect(cut.map(({ flowId }) => flowId)).to.deep.equal([flow?.flowId]);
    await rig.close();

    await start({ target: 'same host' });
    rig.hostA.restoreCutAtEnd(ending.networkId, cut);
    expect(rig.hostA.apply(ending.networkId, rig.view(2, { allow: [`${rule} until=${END}`] }))).to.deep.equal([]);
    expect(rig.hostA.apply(ending.networkId, rig.view(3, { allow: [] }))).to.deep.equal([flow?.flowId]);
    expect(rig.hostA.cutAtEnd(ending.networkId)).to.deep.equal([]);
  });

  it('remembers the last 25,000 that were cut', async () => {
    const { ending } = await start({ target: 'same host' });
    const many = Array.from({ length: 25_001 }, (_, index) => ({
      flowId: parseFlowId(index.toString(16).padStart(32, '0'), 'flow'),
      ruleId: parseRuleId('rule-0000', 'rule'),
    }));
    rig.hostA.restoreCutAtEnd(ending.networkId, many);
    expect(rig.hostA.cutAtEnd(ending.networkId)).to.deep.equal(many.slice(1));
  });

  it('cuts one whose target is being dialled, which nobody has to be told of', async () => {
    const held: HeldDial[] = [];
    await start({ target: 'same host', seams: { dial: createHeldDial((dial) => held.push(dial)) } });
    const outcome = outcomeOf(rig.connect());
    await waitFor('the target is dialled', () => held.length > 0);
    timeMs = END_MS;
    expect(await outcome).to.equal('ECONNRESET');
    expect(new Set(rig.records.map(({ code }) => code))).to.deep.equal(new Set(['RULE_ENDED']));
    expect(rig.apply(rig.view(2, { allow: [] }))).to.deep.equal([]);
    for (const dial of held) dial.release();
  });

  it('leaves one that waits for a version to that version', async () => {
    const { ending, rule } = await start({ target: 'other host', limits: { syncHoldMs: 10_000 } });
    rig.hostB.apply(ending.networkId, rig.view(2, { allow: [rule] }));
    const client = rig.connect();
    client.write('hello');
    await waitFor('the source asks for the version', () => rig.syncs.some(({ at }) => at === HOST_A));
    timeMs = END_MS;
    await looked();
    expect(rig.hostA.apply(ending.networkId, rig.view(2, { allow: [rule] }))).to.deep.equal([]);
    expect(String((await once(client, 'data'))[0])).to.equal('hello');
  });

  it('is stale, and not ended, when the network is so and another rule would go on', async () => {
    let isFresh = true;
    const { rule } = await start({ target: 'same host', isFresh: () => isFresh });
    rig.apply(rig.view(2, { allow: [`${rule} until=${END}`, rule] }));
    const outcome = outcomeOf(await greeted());
    isFresh = false;
    timeMs = END_MS;
    expect(await outcome).to.equal('ECONNRESET');
    const cut = rig.records.filter((record) => record.outcome === 'cut');
    expect(new Set(cut.map(({ code }) => code))).to.deep.equal(new Set(['STALE']));
    expect(rig.apply(rig.view(3, { allow: [] }))).to.deep.equal([]);
  });

  it('is told when its network is let go of, with those that were open until then', async () => {
    const { ending, rule } = await start({ target: 'same host' });
    await greeted();
    const [ended] = rig.hostA.flows();
    timeMs = END_MS;
    await waitFor('the flow is over', over, 1_000);
    rig.apply(rig.view(2, { allow: [`${rule} until=${END}`, rule] }));
    await greeted();
    const [open] = rig.hostA.flows();
    expect(rig.hostA.apply(ending.networkId, null)).to.deep.equal([ended?.flowId, open?.flowId]);
  });

  it('does not come back when the clock is set back, nor by a new rule', async () => {
    const { rule } = await start({ target: 'other host' });
    const outcome = outcomeOf(await greeted());
    timeMs = END_MS;
    await waitFor('the flow is over', over, 1_000);
    timeMs = END_MS - HOUR_MS;
    rig.apply(rig.view(2, { allow: [rule] }));
    expect(await outcome).to.equal('ECONNRESET');
    expect(over()).to.equal(true);
  });
});
