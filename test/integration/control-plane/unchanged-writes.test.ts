import { randomBytes, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { parseFlowId } from '#libs/contracts/ids.js';
import { query } from '#test/support/postgres.js';
import { waitFor } from '#test/support/wait.js';
import type { ApiAnswer } from './api.js';
import { TestControlPlane } from './setup.js';
import type { SimulatedAgent } from './simulated-agent.js';

const AT = '/v1/networks/dev';
const attachment = { sandboxId: 'sbx-api', alias: 'api', ports: ['8080'] };
const alias = { sandboxId: 'sbx-api', alias: 'second', ports: ['9090'] };
const deny = { effect: 'deny', from: 'sandbox:sbx-web', to: 'api', port: 8080 };
const allow = { effect: 'allow', from: 'any', to: 'api', port: 8080 };

/** Every write that may change nothing, with the version that it makes, if all are made in this order. */
const WRITES = [
  { says: 'an attachment with its alias', path: `${AT}/attachments`, body: attachment, since: 4 },
  { says: 'an attachment alone', path: `${AT}/attachments`, body: { sandboxId: 'sbx-web' }, since: 2 },
  { says: 'an alias', path: `${AT}/aliases`, body: alias, since: 5 },
  { says: 'a denial', path: `${AT}/rules`, body: deny, since: 6 },
  { says: 'a permission', path: `${AT}/rules`, body: allow, since: 7 },
] as const;

describe('a write that changes nothing', () => {
  let controlPlane: TestControlPlane;
  let hostA: SimulatedAgent;
  let hostB: SimulatedAgent;
  let first: ApiAnswer;
  const key = { 'idempotency-key': randomUUID() };

  const proof = (kind: 'applied' | 'held', version: unknown, waitSeconds = 5) =>
    controlPlane.call('GET', `${AT}/${kind}/${version}?waitSeconds=${waitSeconds}`);
  const version = async (): Promise<unknown> => (await controlPlane.call('GET', AT)).body.version;

  beforeEach(async () => {
    controlPlane = await TestControlPlane.start();
    hostA = await controlPlane.agent('host-a', ['sbx-web']);
    hostB = await controlPlane.agent('host-b', ['sbx-api']);
    for (const agent of [hostA, hostB]) {
      agent.onTopology = async ({ rules }, message) => {
        const flowsCut = rules.some(({ effect }) => effect === 'deny')
          ? [parseFlowId(randomBytes(16).toString('hex'), 'flow')]
          : [];
        await agent.acknowledge(message, { flowsCut });
      };
    }
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    await controlPlane.call('POST', `${AT}/attachments`, { sandboxId: 'sbx-web' });
    await controlPlane.call('POST', `${AT}/attachments`, attachment);
    await controlPlane.call('POST', `${AT}/aliases`, alias);
    first = await controlPlane.call('POST', `${AT}/rules`, deny, key);
    await proof('applied', first.body.version);
    const last = await controlPlane.call('POST', `${AT}/rules`, allow);
    await proof('applied', last.body.version);
  });

  afterEach(() => controlPlane.end());

  const beat = () => Promise.all([hostA, hostB].map((agent) => agent.contact('heartbeat')));

  for (const { says, path, body, since } of WRITES) {
    it(`says since when it is so: ${says}`, async () => {
      for (let count = 1; count <= 5; count += 1) {
        const { body: answer } = await controlPlane.call('POST', path, body);
        expect(answer).to.include({ changed: false, unchangedSince: since, version: 7 });
        const held = await proof('held', answer.version);
        expect(held.body).to.include({ version: 7, confirmed: 2, expected: 2, flowsCut: 0, supersededBy: null });
      }
      expect(await version()).to.equal(7);
    });
  }

  it('says of a sandbox that is sent its network again since when it is attached', async () => {
    const { body } = await controlPlane.call('POST', `${AT}/attachments/sbx-api/reattach`);
    expect(body).to.include({ changed: false, unchangedSince: 3, version: 7 });
  });

  it('says since which version of the sandbox it has its labels', async () => {
    const label = (set: object) => controlPlane.call('PATCH', '/v1/sandboxes/sbx-web/labels', { set });
    const labelled = await label({ tier: 'web' });
    expect(labelled.body).to.include({ changed: true, unchangedSince: null });
    await label({ team: 'a' });
    const last = await label({ team: 'b' });
    for (const again of [{ tier: 'web' }, { team: 'b' }]) {
      expect((await label(again)).body).to.include({ changed: false, unchangedSince: last.body.version });
    }
  });

  it('leaves the cuts to the write that made them, also when that is sent again under its key', async () => {
    expect(first.body).to.include({ changed: true, unchangedSince: null, version: 6 });
    expect((await proof('applied', 6)).body).to.include({ confirmed: 2, flowsCut: 2 });
    const again = await controlPlane.call('POST', `${AT}/rules`, deny, key);
    expect(again.body).to.deep.equal(first.body);
    expect((await proof('applied', 6)).body).to.include({ confirmed: 2, flowsCut: 2 });
    const other = await controlPlane.call('POST', `${AT}/rules`, deny);
    expect(other.body).to.include({ changed: false, unchangedSince: 6 });
    expect((await proof('held', other.body.version)).body).to.include({ confirmed: 2, flowsCut: 0 });
  });

  it('is told in full when the first answer is from a release that did not say since when', async () => {
    const created = await controlPlane.call('POST', '/v1/networks', { name: 'old' }, { 'idempotency-key': 'create' });
    for (const change of [
      'ALTER TABLE commands DISABLE TRIGGER USER',
      "UPDATE commands SET result = (result::jsonb - 'unchangedSince')::json WHERE json_typeof(result) = 'object'",
      'ALTER TABLE commands ENABLE TRIGGER USER',
    ]) {
      await query(controlPlane.databaseUrl, change);
    }
    expect((await controlPlane.call('POST', `${AT}/rules`, deny, key)).body).to.deep.equal(first.body);
    const again = await controlPlane.call('POST', '/v1/networks', { name: 'old' }, { 'idempotency-key': 'create' });
    expect(again.body).to.deep.equal(created.body);
  });

  it('begins to be so anew when it was taken back and written again', async () => {
    const { id } = first.body.result as { id: string };
    await controlPlane.call('DELETE', `${AT}/rules/${id}`);
    expect((await controlPlane.call('POST', `${AT}/rules`, deny)).body).to.include({ changed: true, version: 9 });
    expect((await controlPlane.call('POST', `${AT}/rules`, deny)).body).to.include({ unchangedSince: 9 });
  });

  it('is not proven by an agent that is silent since it acknowledged, and is as soon as that is heard', async () => {
    controlPlane.clockAheadMs = 60_000;
    await hostA.contact('heartbeat');
    const { body } = await controlPlane.call('POST', `${AT}/rules`, deny);
    const held = (await proof('held', body.version, 0)).body;
    expect(held).to.include({ confirmed: 1, expected: 2 });
    expect(held.agents).to.deep.include({
      ...{ agentId: 'host-b', status: 'OFFLINE', appliedVersion: 7 },
      ...{ flowsCut: 0, tookMs: null, reason: 'no heartbeat' },
    });
    const waiting = proof('held', body.version, 10);
    await beat();
    expect((await waiting).body).to.include({ confirmed: 2, expected: 2 });
  });

  it('is not proven by what agents said to an earlier process', async () => {
    await controlPlane.stop();
    await controlPlane.startAgain();
    const { body } = await controlPlane.call('POST', `${AT}/rules`, deny);
    const held = (await proof('held', body.version, 0)).body;
    expect(held).to.include({ confirmed: 0, expected: 2 });
    expect((held.agents as readonly { status: string }[]).map(({ status }) => status)).to.deep.equal([
      'UNKNOWN',
      'UNKNOWN',
    ]);
  });

  it('counts the version that it found, and says so when an agent went past it', async () => {
    const { body } = await controlPlane.call('POST', `${AT}/rules`, deny);
    const later = await controlPlane.call('POST', `${AT}/rules`, { ...allow, port: 80 });
    await proof('applied', later.body.version);
    expect((await proof('held', body.version)).body, 'both acknowledged it before').to.include({ confirmed: 2 });
    hostB.onTopology = async (snapshot, message) => {
      if (snapshot.version !== 9) await hostB.acknowledge(message);
    };
    await controlPlane.call('POST', `${AT}/rules`, { ...allow, port: 81 });
    await waitFor('host-b has received version 9', () => hostB.received.at(-1)?.snapshot.version === 9);
    const newest = await controlPlane.call('POST', `${AT}/rules`, { ...allow, port: 82 });
    await proof('applied', newest.body.version);
    expect((await proof('held', 9)).body).to.include({ confirmed: 1, supersededBy: newest.body.version });
  });

  it('has no proof of a version that is not there, or of a network that is gone', async () => {
    const unknown = await proof('held', 70, 0);
    expect([unknown.status, unknown.body.code]).to.deep.equal([404, 'VERSION_NOT_FOUND']);
    const waiting = proof('held', 70, 10);
    await controlPlane.call('DELETE', `${AT}?detachAll=true`);
    const gone = await waiting;
    expect([gone.status, gone.body.code]).to.deep.equal([404, 'NETWORK_NOT_FOUND']);
  });
});
