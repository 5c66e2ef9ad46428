import { expect } from 'chai';
import type { Snapshot } from '#libs/policy/model.js';
import { snapshotHash } from '#libs/policy/snapshot-digest.js';
import { TestControlPlane } from './setup.js';
import type { SimulatedAgent } from './simulated-agent.js';

describe('rules about names outside, from a command to what agents applied', () => {
  let controlPlane: TestControlPlane;
  let web: SimulatedAgent;
  let api: SimulatedAgent;
  let exit: SimulatedAgent;

  before(async () => {
    controlPlane = await TestControlPlane.start();
    web = await controlPlane.agent('host-a', ['sbx-web']);
    api = await controlPlane.agent('host-b', ['sbx-api']);
    exit = await controlPlane.agent('host-c', []);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    await call('POST', '/attachments', { sandboxId: 'sbx-web' });
    await call('POST', '/attachments', { sandboxId: 'sbx-api' });
  });

  after(() => controlPlane.end());

  const call = (method: string, path: string, body?: object) =>
    controlPlane.call(method, `/v1/networks/dev${path}`, body);
  const applied = async (version: unknown, waitSeconds: number) =>
    (await call('GET', `/applied/${version}?waitSeconds=${waitSeconds}`)).body;
  const rule = { from: 'sandbox:sbx-web', to: 'packages.example.com', port: 443 };
  const add = async (more: object) => {
    const { status, body } = await call('POST', '/egress-rules', { ...rule, ...more });
    expect(status).to.equal(201);
    return { version: Number(body.version), id: (body.result as { readonly id: string }).id };
  };
  const held = (agent: SimulatedAgent): Snapshot => agent.received.at(-1)?.snapshot ?? expect.fail('it holds nothing');

  it('are proven by an agent that holds them, and not by one that holds the version without them', async () => {
    const { onTopology } = web;
    web.onTopology = (snapshot, message) => {
      const { egress: _, ...without } = snapshot;
      return web.acknowledge({ ...message, hash: snapshotHash(without) });
    };
    const { version } = await add({ effect: 'deny' });
    expect(await applied(version, 1)).to.include({ confirmed: 1, expected: 2 });
    web.onTopology = onTopology;
    const after = await add({ effect: 'allow' });
    expect(await applied(after.version, 5)).to.include({ confirmed: 2, expected: 2 });
    expect(held(web).egress?.map(({ effect }) => effect)).to.have.members(['deny', 'allow']);
    // The other host has no source of the rules, and gets none of them.
    expect(held(api).egress).to.equal(undefined);
  });

  it('with bad input are refused by the member that is wrong, and nothing is written', async () => {
    const { version } = (await call('GET', '')).body;
    for (const [wrong, code] of [
      [{ to: 'packages.example.com.' }, 'OUTSIDE_NAME_INVALID'],
      [{ to: `${'a'.repeat(64)}.example.com` }, 'OUTSIDE_NAME_INVALID'],
      [{ to: `${'a.'.repeat(130)}com` }, 'OUTSIDE_NAME_INVALID'],
      [{ to: 'xn--a\u200cb.example' }, 'OUTSIDE_NAME_INVALID'],
      [{ to: 'com' }, 'OUTSIDE_NAME_INVALID'],
      [{ to: 7 }, 'OUTSIDE_NAME_INVALID'],
      [{ to: '*.com' }, 'PUBLIC_SUFFIX'],
      [{ to: 'co.uk' }, 'PUBLIC_SUFFIX'],
      [{ to: 'a.*.example.com' }, 'WILDCARD_MISPLACED'],
      [{ to: '*' }, 'WILDCARD_MISPLACED'],
      [{ to: '10.0.0.1' }, 'ADDRESS_NOT_A_NAME'],
      [{ to: '::1' }, 'ADDRESS_NOT_A_NAME'],
      [{ to: '10.0.0.0/8' }, 'ADDRESS_NOT_A_NAME'],
      [{ to: 'api.dev.gstacks' }, 'INSIDE_NAME'],
      [{ port: 0 }, 'INVALID_INPUT'],
      [{ port: 65_536 }, 'INVALID_INPUT'],
      [{ port: 4.5 }, 'INVALID_INPUT'],
      [{ port: '443/udp' }, 'UDP_UNSUPPORTED'],
      [{ port: '443/sctp' }, 'INVALID_INPUT'],
      [{ via: 'Host B' }, 'INVALID_INPUT'],
      [{ from: 'local' }, 'EGRESS_FROM_LOCAL'],
      [{ from: '!' }, 'INVALID_INPUT'],
      [{ private: 'yes' }, 'INVALID_INPUT'],
    ] as const) {
      const { status, body } = await call('POST', '/egress-rules', { ...rule, effect: 'allow', ...wrong });
      const [member] = Object.keys(wrong);
      expect([body.code, body.field], JSON.stringify(wrong)).to.deep.equal([code, member]);
      expect(status, JSON.stringify(wrong)).to.be.oneOf([400, 422]);
    }
    expect((await call('GET', '')).body.version).to.equal(version);
  });

  it('that name an exit are proven by it too, which learns whom it is for, and lets go when the last of them goes', async () => {
    const { version, id } = await add({ effect: 'allow', to: 'exit.example.com', via: 'host-c' });
    expect(await applied(version, 5)).to.include({ confirmed: 3, expected: 3 });
    const peersOf = ({ peers }: SimulatedAgent) => peers.map(({ agentId }) => agentId).sort();
    expect(peersOf(exit)).to.deep.equal(['host-a', 'host-b']);
    expect(peersOf(web)).to.deep.equal(['host-b', 'host-c']);
    expect(held(exit).egress?.map(({ effect, to, via }) => `${effect} ${to} ${via}`)).to.have.members([
      'allow exit.example.com host-c',
      'deny packages.example.com undefined',
    ]);
    expect(held(exit).sandboxes.map(({ sandboxId }) => sandboxId)).to.deep.equal(['sbx-api', 'sbx-web']);
    const { body } = await call('DELETE', `/egress-rules/${id}`);
    expect(await applied(body.version, 5)).to.include({ confirmed: 3, expected: 3 });
    expect(held(exit)).to.deep.include({ participates: false, sandboxes: [] });
    const next = await add({ effect: 'allow', to: 'next.example.com' });
    expect(await applied(next.version, 5)).to.include({ confirmed: 2, expected: 2 });
  });
});
