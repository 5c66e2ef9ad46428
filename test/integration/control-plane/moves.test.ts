import { expect } from 'chai';
import { query } from '#test/support/postgres.js';
import { waitFor } from '#test/support/wait.js';
import { TestControlPlane } from './setup.js';
import type { SimulatedAgent } from './simulated-agent.js';

interface Conflict {
  readonly agentId: string;
  readonly code: string;
  readonly remedy: string;
}

describe('a sandbox that is ended on one host and made on another', () => {
  let controlPlane: TestControlPlane;
  let hostA: SimulatedAgent;
  let hostB: SimulatedAgent;
  let made = 0;
  let sandboxId = '';

  before(async () => {
    controlPlane = await TestControlPlane.start();
    hostA = await controlPlane.agent('host-a');
    hostB = await controlPlane.agent('host-b');
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
  });
  after(() => controlPlane.end());

  /** Attached, published and allowed, on host-a. */
  beforeEach(async () => {
    controlPlane.clockAheadMs = 0;
    for (const agent of [hostA, hostB]) {
      await agent.contact('heartbeat');
      await agent.report([]);
    }
    made += 1;
    sandboxId = `sbx-${made}`;
    await hostA.report([sandboxId]);
    const attachment = { sandboxId, alias: `api-${made}`, ports: ['8080'] };
    await controlPlane.call('POST', '/v1/networks/dev/attachments', attachment);
    const rule = { effect: 'allow', from: 'local', to: `api-${made}`, port: 8080 };
    await controlPlane.call('POST', '/v1/networks/dev/rules', rule);
  });

  const shown = async () => (await controlPlane.call('GET', `/v1/sandboxes/${sandboxId}`)).body;
  const conflicts = async () =>
    ((await shown()).conflicts as readonly Conflict[]).map(({ agentId, code }) => [agentId, code]);
  const write = (method: string, what: string, body = {}) =>
    controlPlane.call(method, `/v1/sandboxes/${sandboxId}/${what}`, method === 'POST' ? body : undefined);

  async function events(stream = `sandbox-${sandboxId}`): Promise<readonly string[]> {
    const text = 'SELECT type FROM events WHERE stream_id = $1 ORDER BY stream_version';
    const rows = await query(controlPlane.databaseUrl, text, [stream]);
    return rows.map(({ type }) => String(type));
  }

  /** What an agent was last sent about the sandbox in the network. */
  const told = (agent: SimulatedAgent) =>
    agent.received.at(-1)?.snapshot.sandboxes.find((each) => each.sandboxId === sandboxId)?.agentId;

  async function expectOn(
    agent: SimulatedAgent,
    formerAgentId: string | null,
    others: readonly (readonly [agent: string, code: string])[] = [],
  ): Promise<void> {
    const { agentId } = agent;
    await waitFor(`${sandboxId} is on ${agentId}`, async () => (await shown()).agentId === agentId);
    expect(await shown()).to.deep.include({ status: 'RUNNING', formerAgentId });
    expect(await conflicts()).to.deep.equal(others);
    await waitFor(`${agentId} is told`, () => told(agent) === agentId);
    // Its name and its rule moved with it.
    const snapshot = agent.received.at(-1)?.snapshot;
    expect(snapshot?.aliases.map(({ alias }) => alias)).to.include(`api-${made}`);
    expect(snapshot?.rules.map(({ to }) => to)).to.include(`api-${made}`);
  }

  it('moves when it was ended first: recorded, with its alias and rule, and shown', async () => {
    await hostA.report([]);
    expect(await shown()).to.deep.include({ status: 'GONE', agentId: 'host-a' });
    expect(await hostB.report([sandboxId])).to.deep.include({ accepted: [sandboxId], conflicts: [] });
    await expectOn(hostB, 'host-a');
    expect((await events()).slice(-2)).to.deep.equal(['SandboxGone', 'SandboxMoved']);
    const { body } = await controlPlane.call('GET', '/v1/networks/dev/status');
    const placement = (body.placements as readonly { sandboxId: string }[]).find((one) => one.sandboxId === sandboxId);
    expect(placement).to.deep.include({ agentId: 'host-b', formerAgentId: 'host-a', conflicts: [], pinnedTo: null });
    expect(placement).to.have.property('since', body.version);
  });

  it('moves when it was made first: a conflict until its agent lets go, and no word more from the other', async () => {
    const reply = await hostB.report([sandboxId]);
    const conflict = { sandboxId, code: 'PLACEMENT_CONFLICT', owner: 'host-a' };
    expect(reply).to.deep.include({ accepted: [], conflicts: [conflict] });
    expect(await conflicts()).to.deep.equal([['host-b', 'PLACEMENT_CONFLICT']]);
    expect((await shown()).agentId).to.equal('host-a');
    const { body } = await controlPlane.call('GET', '/v1/networks/dev/status');
    expect(JSON.stringify(body.placements)).to.include('PLACEMENT_CONFLICT');
    await hostA.report([]);
    await expectOn(hostB, 'host-a');
    expect((await events()).slice(-2)).to.deep.equal(['SandboxGone', 'SandboxMoved']);
  });

  it('is one version of the network in which it moves, and none in which nobody has it', async () => {
    const { body: before } = await controlPlane.call('GET', '/v1/networks/dev');
    await hostA.report([]);
    await hostB.report([sandboxId]);
    await expectOn(hostB, 'host-a');
    const { body: after } = await controlPlane.call('GET', '/v1/networks/dev');
    expect(Number(after.version) - Number(before.version)).to.equal(1);
  });

  it('moves back the same way', async () => {
    await hostA.report([]);
    await hostB.report([sandboxId]);
    await expectOn(hostB, 'host-a');
    await hostA.report([sandboxId]);
    expect(await conflicts()).to.deep.equal([['host-a', 'PLACEMENT_CONFLICT']]);
    await hostB.report([]);
    await expectOn(hostA, 'host-b');
  });

  it('does not move when it was gone for a while and comes back', async () => {
    await hostA.report([]);
    await hostA.report([sandboxId]);
    expect(await shown()).to.deep.include({ agentId: 'host-a', status: 'RUNNING', formerAgentId: null });
    expect((await events()).slice(-2)).to.deep.equal(['SandboxGone', 'SandboxReturned']);
  });

  it('is no conflict any more when the other one ends its own', async () => {
    await hostB.report([sandboxId]);
    await hostB.report([]);
    expect(await conflicts()).to.deep.equal([]);
    await hostA.report([]);
    expect(await shown()).to.deep.include({ agentId: 'host-a', status: 'GONE' });
  });

  it('does not move to an agent that is silent when the sandbox is let go, until it is heard again', async () => {
    await hostB.report([sandboxId]);
    controlPlane.clockAheadMs = 60_000;
    await hostA.contact('heartbeat');
    await hostA.report([]);
    expect(await shown()).to.deep.include({ agentId: 'host-a', status: 'GONE' });
    await hostB.contact('heartbeat');
    await expectOn(hostB, 'host-a');
  });

  it('moves after a restart of the control plane in between, too', async () => {
    await hostB.report([sandboxId]);
    await hostA.report([]);
    await expectOn(hostB, 'host-a');
    await hostA.report([sandboxId]);
    await controlPlane.stop();
    await controlPlane.startAgain();
    for (const agent of [hostA, hostB]) await agent.contact('heartbeat');
    expect(await conflicts()).to.deep.equal([['host-a', 'PLACEMENT_CONFLICT']]);
    await hostB.report([]);
    await expectOn(hostA, 'host-b');
  });

  it('is released from a host that is silent: the next has it at once, and the old one finds it elsewhere', async () => {
    await hostB.report([sandboxId]);
    controlPlane.clockAheadMs = 60_000;
    await hostB.contact('heartbeat');
    expect(await shown()).to.deep.include({ agentId: 'host-a', status: 'UNKNOWN' });
    const released = await write('POST', 'release', { agentId: 'host-a' });
    expect(released.body).to.deep.include({ changed: true, unchangedSince: null });
    await expectOn(hostB, 'host-a');
    expect((await events()).slice(-2)).to.deep.equal(['SandboxReleased', 'SandboxPlaced']);
    // Again: by now it is elsewhere, and stays there.
    expect((await write('POST', 'release', { agentId: 'host-a' })).body.changed).to.equal(false);
    await hostA.contact('heartbeat');
    expect(await conflicts()).to.deep.equal([['host-a', 'PLACEMENT_CONFLICT']]);
    const reply = await hostA.report([sandboxId]);
    expect(reply).to.deep.include({ conflicts: [{ sandboxId, code: 'PLACEMENT_CONFLICT', owner: 'host-b' }] });
    expect((await shown()).agentId).to.equal('host-b');
  });

  it('goes back to the silent host when it is heard again first', async () => {
    controlPlane.clockAheadMs = 60_000;
    await hostB.contact('heartbeat');
    await write('POST', 'release');
    expect(await shown()).to.deep.include({ agentId: null, status: 'UNPLACED', formerAgentId: 'host-a' });
    await hostA.contact('heartbeat');
    await expectOn(hostA, null);
  });

  it('is not released from a host that is in contact and would have it back at once', async () => {
    const refused = await write('POST', 'release');
    expect([refused.status, refused.body.code]).to.deep.equal([409, 'SANDBOX_HELD']);
    expect(await shown()).to.deep.include({ agentId: 'host-a', status: 'RUNNING' });
    await hostB.report([sandboxId]);
    expect((await write('POST', 'release')).body.changed).to.equal(true);
    await expectOn(hostB, 'host-a', [['host-a', 'PLACEMENT_CONFLICT']]);
  });

  it('does not move when it is pinned, and says why with a code and a remedy of its own', async () => {
    expect((await write('POST', 'pin')).body.result).to.deep.include({ pinnedTo: 'host-a' });
    const again = (await write('POST', 'pin', { agentId: 'host-a' })).body;
    expect(again).to.deep.include({ changed: false, unchangedSince: again.version });
    await hostA.report([]);
    const reply = await hostB.report([sandboxId]);
    expect(reply).to.deep.include({ conflicts: [{ sandboxId, code: 'SANDBOX_PINNED', owner: 'host-a' }] });
    expect(await shown()).to.deep.include({ agentId: 'host-a', status: 'GONE', pinnedTo: 'host-a' });
    expect(await conflicts()).to.deep.equal([['host-b', 'SANDBOX_PINNED']]);
    const [conflict] = (await shown()).conflicts as readonly Conflict[];
    expect(conflict?.remedy).to.include(`gstacks sandbox pin ${sandboxId} --to host-b`);
    await write('POST', 'pin', { agentId: 'host-b' });
    await expectOn(hostB, 'host-a');
  });

  it('moves once it is no longer pinned, without a word more from the agent that waits', async () => {
    await write('POST', 'pin');
    await hostA.report([]);
    await hostB.report([sandboxId]);
    expect((await write('DELETE', 'pin')).body.changed).to.equal(true);
    await expectOn(hostB, 'host-a');
  });

  it('is pinned to agents that are there', async () => {
    const { status, body } = await write('POST', 'pin', { agentId: 'nobody' });
    expect([status, body.code]).to.deep.equal([404, 'AGENT_NOT_FOUND']);
    sandboxId = 'unheard-of';
    for (const [method, what] of [
      ['POST', 'release'],
      ['POST', 'pin'],
      ['DELETE', 'pin'],
    ] as const) {
      const answer = await write(method, what);
      expect([answer.status, answer.body.code], what).to.deep.equal([404, 'SANDBOX_NOT_FOUND']);
    }
  });

  it('goes to the agent that waits when its own is revoked', async () => {
    const hostC = await controlPlane.agent('host-c', ['sbx-c']);
    await hostB.report(['sbx-c']);
    sandboxId = 'sbx-c';
    expect(await conflicts()).to.deep.equal([['host-b', 'PLACEMENT_CONFLICT']]);
    await controlPlane.call('DELETE', `/v1/agents/${hostC.agentId}`);
    await waitFor('host-b has it', async () => (await shown()).agentId === 'host-b');
  });
});
