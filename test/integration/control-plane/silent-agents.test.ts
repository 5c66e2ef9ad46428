import { expect } from 'chai';
import { TestControlPlane } from './setup.js';
import type { SimulatedAgent } from './simulated-agent.js';

const said = { isolation: 'advisory', source: 'unverified', dns: 'active', dnsRemedy: null };
const unknown = { isolation: null, source: null, dns: 'unknown', dnsRemedy: null };

describe('what an agent said of its sandboxes', () => {
  let controlPlane: TestControlPlane;
  let agent: SimulatedAgent;

  before(async () => {
    controlPlane = await TestControlPlane.start();
    agent = await controlPlane.agent('host-a', ['sbx-web']);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    await controlPlane.call('POST', '/v1/networks/dev/attachments', { sandboxId: 'sbx-web' });
  });
  after(() => controlPlane.end());
  beforeEach(async () => {
    controlPlane.clockAheadMs = 0;
    await agent.contact('heartbeat');
  });

  const sandbox = async () => (await controlPlane.call('GET', '/v1/sandboxes/sbx-web')).body;
  /** The list, and the answers to writes. */
  async function attachments(): Promise<readonly unknown[]> {
    const at = '/v1/networks/dev/attachments';
    const listed = (await controlPlane.call('GET', at)).body.items as readonly unknown[];
    const again = await controlPlane.call('POST', at, { sandboxId: 'sbx-web' });
    const sent = await controlPlane.call('POST', `${at}/sbx-web/reattach`);
    return [...listed, again.body.result, sent.body.result];
  }

  it('is shown as it is while the agent is in contact', async () => {
    expect(await sandbox()).to.deep.include({ ...said, status: 'RUNNING', lastKnown: null });
    for (const each of await attachments()) expect(each).to.deep.include({ dns: 'active', lastKnown: null });
  });

  async function expectRemembered(): Promise<void> {
    const { lastKnown, ...shown } = await sandbox();
    expect(shown).to.deep.include({ ...unknown, status: 'UNKNOWN' });
    expect(lastKnown).to.deep.include(said);
    for (const each of await attachments()) {
      const { lastKnown: dns, ...rest } = each as Record<string, unknown>;
      expect(rest).to.deep.include({ dns: 'unknown', dnsRemedy: null });
      expect(dns).to.deep.include({ dns: 'active' });
    }
  }

  it('is remembered, and no fact, while the agent is offline', async () => {
    controlPlane.clockAheadMs = 60_000;
    await expectRemembered();
    expect((await sandbox()).lastKnown).to.deep.include({ secondsAgo: 60 });
  });

  it('is remembered, and no fact, as long as the control plane has not heard the agent since it started', async () => {
    await controlPlane.stop();
    await controlPlane.startAgain();
    await expectRemembered();
    await agent.contact('heartbeat');
    expect(await sandbox()).to.deep.include({ ...said, status: 'RUNNING', lastKnown: null });
  });

  it('is no fact after the agent has started again, until it has said what runs now', async () => {
    agent.bootId = 'boot-2';
    await agent.contact('hello');
    expect(await sandbox()).to.deep.include({ ...unknown, status: 'UNKNOWN', namespace: null });
    expect((await controlPlane.call('GET', '/v1/sandboxes?status=RUNNING')).body.items).to.deep.equal([]);
    await agent.report(['sbx-web']);
    expect(await sandbox()).to.deep.include({ ...said, status: 'RUNNING', lastKnown: null });
  });

  it('is nothing of a sandbox that is gone, or whose agent was revoked', async () => {
    await agent.report([]);
    expect(await sandbox()).to.deep.include({ ...unknown, status: 'GONE', lastKnown: null });
    await agent.report(['sbx-web']);
    await controlPlane.call('DELETE', '/v1/agents/host-a');
    expect(await sandbox()).to.deep.include({ ...unknown, lastKnown: null });
  });
});
