import { expect } from 'chai';
import { concerns, takeContainers } from '#apps/agent/sandboxes/docker/take-containers.js';
import { parseSandboxId } from '#libs/contracts/ids.js';
import type { EngineContainer } from '#libs/docker-engine/container.js';

const TERMS = { agentId: 'host-a', network: 'gstacks', holders: new Map() };
const SANDBOX = { 'gstacks.sandbox': 'sbx-web' };

function endpoint(network: string, address = '10.78.0.2') {
  return { network, networkId: `id of ${network}`, address, macAddress: '02:42:0a:4e:00:02', aliases: [] };
}

function container(more: Partial<EngineContainer> = {}): EngineContainer {
  return {
    id: 'c1',
    name: 'web',
    hostName: 'c1',
    labels: SANDBOX,
    state: 'running',
    pid: 100,
    startedAt: '2026-01-02T03:04:05.1Z',
    networkMode: 'gstacks',
    privileged: false,
    dnsServers: [],
    endpoints: [endpoint('gstacks')],
    ...more,
  };
}

describe('containers as sandboxes', () => {
  const taken: readonly (readonly [string, Partial<EngineContainer>, string])[] = [
    ['by its label', {}, 'sbx-web'],
    ['by its name, with an empty label', { labels: { 'gstacks.sandbox': '' } }, 'web'],
    ['by its name, with gstacks.attach alone', { labels: { 'gstacks.attach': 'auto' } }, 'web'],
    ['while it is paused', { state: 'paused' }, 'sbx-web'],
    ['on a second network too', { endpoints: [endpoint('bridge', '172.17.0.2'), endpoint('gstacks')] }, 'sbx-web'],
  ];
  for (const [what, more, id] of taken) {
    it(`are taken ${what}`, () => {
      const { taken: found, refused, toConnect } = takeContainers([container(more)], TERMS);
      expect(found.map(({ sandboxId }) => sandboxId)).to.deep.equal([id]);
      expect([...refused, ...toConnect]).to.deep.equal([]);
    });
  }

  const refused: readonly (readonly [string, Partial<EngineContainer>, string, RegExp])[] = [
    ['an invalid label', { labels: { 'gstacks.sandbox': 'a b' } }, 'SANDBOX_LABEL_INVALID', /label/],
    ['a name too long', { name: 'x'.repeat(129), labels: { 'gstacks.sandbox': '' } }, 'SANDBOX_LABEL_INVALID', /label/],
    ['no label, on the network', { labels: {} }, 'SANDBOX_LABEL_MISSING', /gstacks\.sandbox=<id>/],
    [
      "another agent's name, on this agent's network",
      { labels: { ...SANDBOX, 'gstacks.agent': 'hots-a' } },
      'AGENT_LABEL_OTHER',
      /gstacks\.agent=host-a/,
    ],
    ['another word for attach', { labels: { ...SANDBOX, 'gstacks.attach': 'yes' } }, 'ATTACH_LABEL_INVALID', /auto/],
    ["the host's network", { networkMode: 'host', endpoints: [endpoint('host', '')] }, 'HOST_NETWORK', /network_mode/],
    ["another container's network", { networkMode: 'container:c2', endpoints: [] }, 'SHARED_NETWORK', /other/],
    ['no network at all', { networkMode: 'none', endpoints: [endpoint('none', '')] }, 'NO_NETWORK', /create it again/],
    [
      'other networks only',
      { endpoints: [endpoint('bridge')] },
      'NOT_ON_NETWORK',
      /docker network connect gstacks web/,
    ],
  ];
  for (const [what, more, code, remedy] of refused) {
    it(`are refused with ${what}: ${code}, and hide no other`, () => {
      const other = container({ id: 'c9', name: 'other', labels: { 'gstacks.sandbox': 'sbx-other' } });
      const takings = takeContainers([container(more), other], TERMS);
      expect(takings.taken.map(({ sandboxId }) => sandboxId)).to.deep.equal(['sbx-other']);
      expect(takings.refused.map((refusal) => refusal.code)).to.deep.equal([code]);
      expect(takings.refused[0]?.message).to.contain('container ');
      expect(takings.refused[0]?.remedy).to.match(remedy);
    });
  }

  it('that are to be connected are told apart from those that are not', () => {
    const labels = { ...SANDBOX, 'gstacks.attach': 'auto' };
    const { toConnect, taken: found } = takeContainers(
      [container({ labels, endpoints: [endpoint('bridge', '172.17.0.2')] })],
      TERMS,
    );
    expect(toConnect.map(({ id }) => id)).to.deep.equal(['c1']);
    expect(found).to.deep.equal([]);
  });

  const late = container({ id: 'c0', name: 'late', startedAt: '2026-01-02T03:04:06.1Z' });

  it('with one id: the first started is taken, the other refused by name', () => {
    const takings = takeContainers([late, container()], TERMS);
    expect(takings.taken.map(({ container: { name } }) => name)).to.deep.equal(['web']);
    expect(takings.refused).to.have.length(1);
    expect(takings.refused[0]).to.deep.include({ name: 'late', sandboxId: 'sbx-web', code: 'SANDBOX_ID_TAKEN' });
    expect(takings.refused[0]?.message).to.contain('web');
  });

  it('with one id: the one that has it keeps it through a restart of its own', () => {
    const holders = new Map([[parseSandboxId('sbx-web', 'id'), 'c0']]);
    const takings = takeContainers([container(), late], { ...TERMS, holders });
    expect(takings.taken.map(({ container: { name } }) => name)).to.deep.equal(['late']);
  });

  it('that have stopped are none', () => {
    expect(takeContainers([container({ state: 'other' })], TERMS)).to.deep.equal({
      taken: [],
      toConnect: [],
      refused: [],
    });
  });

  const concerned: readonly (readonly [string, { readonly [label: string]: string }, readonly string[], boolean])[] = [
    ['no label of ours', { tier: 'web' }, ['bridge'], false],
    ['a sandbox label', SANDBOX, [], true],
    ['an attach label', { 'gstacks.attach': 'auto' }, [], true],
    ['a place on the network', {}, ['gstacks'], true],
    ["this agent's name", { ...SANDBOX, 'gstacks.agent': 'host-a' }, [], true],
    ["another agent's name", { ...SANDBOX, 'gstacks.agent': 'host-b' }, ['bridge'], false],
    ["another agent's name, on this agent's network", { ...SANDBOX, 'gstacks.agent': 'host-b' }, ['gstacks'], true],
  ];
  for (const [what, labels, networks, expected] of concerned) {
    it(`concern the agent or not: ${what}`, () => expect(concerns({ labels, networks }, TERMS)).to.equal(expected));
  }
});
