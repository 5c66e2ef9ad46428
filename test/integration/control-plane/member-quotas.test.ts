import { expect } from 'chai';
import { BusRefusedError } from '#libs/bus/errors.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { query } from '#test/support/postgres.js';
import { waitFor } from '#test/support/wait.js';
import { callApi } from './api.js';
import { TestControlPlane } from './setup.js';
import { appliedMessage, type SimulatedAgent } from './simulated-agent.js';

const SANDBOXES = 300;
const NETWORKS = 40;
/** The time after which an agent asks again. */
const ANSWER_WITHIN_MS = 5_000;

describe('quotas of a member', () => {
  let controlPlane: TestControlPlane;
  let agent: SimulatedAgent;

  before(async () => {
    controlPlane = await TestControlPlane.start({
      GLOBALSTACKS_MEMBER_SANDBOXES: String(SANDBOXES),
      GLOBALSTACKS_MEMBER_NETWORKS: String(NETWORKS),
    });
    agent = await controlPlane.agent('host-a');
  });

  after(() => controlPlane.end());

  const named = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, index) => `sbx-${prefix}-${index}`);
  const events = async () => {
    const [row] = await query(
      controlPlane.databaseUrl,
      "SELECT count(*)::int AS count FROM events WHERE type LIKE 'Sandbox%'",
    );
    return Number(row?.count);
  };
  const refusal = async (work: Promise<unknown>) => work.then(() => 'taken', codeOf);

  it('takes an inventory of as many sandboxes as an agent may have, and answers in time', async () => {
    const began = performance.now();
    expect(await agent.report(named('a', SANDBOXES)))
      .to.have.property('accepted')
      .with.length(SANDBOXES);
    expect(performance.now() - began).to.be.below(ANSWER_WITHIN_MS);
    expect(await events()).to.equal(2 * SANDBOXES);
  });

  it('refuses one of more as a whole, writes nothing, and shows why', async () => {
    const before = await events();
    expect(await refusal(agent.report(named('a', SANDBOXES + 1)))).to.equal('SANDBOX_LIMIT');
    expect(await events()).to.equal(before);
    const { body } = await controlPlane.call('GET', '/v1/agents');
    const [shown] = body.items as readonly { refused: readonly { code: string; message: string; remedy: string }[] }[];
    expect(shown?.refused.map(({ code }) => code)).to.deep.equal(['SANDBOX_LIMIT']);
    expect(shown?.refused[0]?.message).to.include(`${SANDBOXES + 1} sandboxes`);
    expect(shown?.refused[0]?.remedy).to.include('GLOBALSTACKS_MEMBER_SANDBOXES');
  });

  it('shows nothing more once an inventory was taken', async () => {
    await agent.report(named('a', SANDBOXES));
    const { body } = await controlPlane.call('GET', '/v1/agents');
    expect(body.items).to.have.nested.property('[0].refused').that.deep.equals([]);
  });

  it('takes an inventory in parts when the last is there, and refuses it as soon as it names too many', async () => {
    const host = await controlPlane.agent('host-c');
    const [first, second] = [named('p', 5), named('q', 5)];
    const part = (index: number) => ({ index, count: 2 });
    expect(await host.reportPart(first, part(0), 50))
      .to.have.property('accepted')
      .with.length(0);
    expect(await host.reportPart(second, part(1), 50))
      .to.have.property('accepted')
      .with.members([...first, ...second]);
    const { text } = await callApi(controlPlane.url, 'GET', '/metrics');
    expect(text).to.include(`gs_sandboxes{isolation="advisory"} ${SANDBOXES + 10}\n`);
    expect(text).to.include('gs_sandboxes{isolation="broken"} 0\n');
    // The answer may have been lost.
    expect(await host.reportPart(second, part(1), 50))
      .to.have.property('accepted')
      .with.length(10);
    expect(await refusal(host.reportPart(second, part(1), 51))).to.equal('INVENTORY_PART_MISSING');
    expect(await refusal(host.reportPart(first, part(0), 52))).to.equal('taken');
    expect(await refusal(host.reportPart(named('r', SANDBOXES), part(1), 52))).to.equal('SANDBOX_LIMIT');
    const { body } = await controlPlane.call('GET', '/v1/agents');
    const agents = body.items as readonly {
      readonly id: string;
      readonly refused: readonly { readonly code: string }[];
    }[];
    const shown = agents.find(({ id }) => id === 'host-c');
    expect(shown?.refused.map(({ code }) => code)).to.deep.equal(['SANDBOX_LIMIT']);
  });

  it('bounds how often sandboxes come and go, since each change is an event for ever', async () => {
    const outcomes: string[] = [];
    for (const prefix of ['b', 'c', 'd']) outcomes.push(await refusal(agent.report(named(prefix, SANDBOXES / 2))));
    // 300 were registered before; then 450 and 300 more changes, of which 600 in all are within the burst.
    expect(outcomes[0]).to.equal('SANDBOX_LIMIT');
    const before = await events();
    expect(await refusal(agent.report(named('e', SANDBOXES)))).to.equal('SANDBOX_LIMIT');
    expect(await events()).to.equal(before);
  });

  it('drops nothing of what an honest agent sends at a start, and at three in a row', async () => {
    const host = await controlPlane.agent('host-b', ['sbx-start']);
    for (let index = 0; index < NETWORKS; index += 1) {
      await controlPlane.call('POST', '/v1/networks', { name: `net-${index}` });
      await controlPlane.call('POST', `/v1/networks/net-${index}/attachments`, { sandboxId: 'sbx-start' });
    }
    await waitFor('all networks are held', () => host.held.size === NETWORKS);
    const messages = host.received.map(({ message }) => message);
    for (let start = 0; start < 3; start += 1) {
      await host.close();
      await host.connect();
      await host.report(['sbx-start']);
      await Promise.all([
        ...messages.map((message) => host.send('applied', appliedMessage(message, message.to - 1))),
        ...[...host.held.keys()].map((networkId) =>
          host.send('sync', { protocol: BUS_PROTOCOL, networkId, have: null }),
        ),
      ]);
      await host.contact('heartbeat');
    }
    const { text } = await callApi(controlPlane.url, 'GET', '/metrics');
    expect(
      text.split('\n').filter((line) => line.startsWith('gs_member_over_bounds_total{member="agent host-b"')),
    ).to.deep.equal([]);
  });

  it('looks at as many networks that an agent has no part in as it may name, and counts the others', async () => {
    const networks = Array.from({ length: NETWORKS + 7 }, (_, index) => ({
      networkId: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      epoch: { counter: 9, id: 'x' },
      version: 1,
      hash: '0'.repeat(64),
      signature: null,
    }));
    await agent.contact('heartbeat', { networks });
    const { text } = await callApi(controlPlane.url, 'GET', '/metrics');
    expect(text).to.include('gs_member_over_bounds_total{member="agent host-a",kind="networks"} 7');
  });
});

function codeOf(error: unknown): string {
  if (error instanceof BusRefusedError) return error.code;
  throw error;
}
