import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { runChecks } from '#apps/agent/diagnostics/checks.js';
import type { ChecksRequest, DiagnosedAgent } from '#apps/agent/diagnostics/diagnosed-agent.js';
import { type Dials, type ForbiddenDials, seesNothing } from '#apps/agent/sandboxes/inspection/inspection.js';
import { CHECKS_OF, CHECKS_WITHIN_MS, type CheckCode } from '#libs/contracts/bus/checks.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { parseAgentId, parseAliasName } from '#libs/contracts/ids.js';
import { viewOf } from '#libs/policy/view.js';
import { TestStore } from '#test/support/mesh-store.js';
import { TEST_NETWORK } from '#test/support/network-view.js';
import { snapshotOf } from '#test/support/snapshots.js';

const HOST_A = parseAgentId('host-a', 'agent');
const epoch = { counter: 1, id: 'epoch-one' };
const hash = 'ab'.repeat(32);
const PROXY = '127.77.0.9';

const snapshot = snapshotOf({
  version: 7,
  sandboxes: { 'sbx-web': 'host-a', 'sbx-api': 'host-a' },
  aliases: { api: { sandbox: 'sbx-api', ports: ['80:7000'] } },
  allow: ['sandbox:sbx-web api 80'],
});

let well: DiagnosedAgent;
const seen: DiagnosedAgent['inspection'] = {
  listeners: async () => [{ address: '0.0.0.0', port: 7000 }],
  lookUp: async () => ({
    kind: 'looked up',
    agentResolver: '10.76.0.1',
    lookups: [{ who: 'process 7 (node)', servers: ['10.76.0.1'], answer: [PROXY] }],
  }),
};

const question: ChecksRequest = {
  ...{ protocol: BUS_PROTOCOL, kind: 'checks', networkId: TEST_NETWORK, epoch, version: 7, hash },
  ...{ role: 'source', from: 'sandbox:sbx-web', alias: parseAliasName('api', 'alias'), port: 80 },
};

before(async () => {
  const { certificate } = await (await TestStore.create('store-1')).credentials({ kind: 'agent', agentId: HOST_A });
  well = {
    agentId: HOST_A,
    now: () => new Date(),
    mesh: () => ({ transport: 'direct', state: 'joined', code: null, message: null, endpoints: ['10.0.0.1:7'] }),
    certificate: () => certificate,
    applied: () => ({ epoch, hash, snapshot, signature: null }),
    view: () => viewOf(snapshot),
    failureOf: () => null,
    zone: () => ({
      revision: 3,
      recordOf: (network, alias) =>
        network === 'dev' && alias === 'api' ? { alias, address: PROXY, ports: [80] } : null,
    }),
    dnsRevision: async () => 3,
    queryDns: async () => ({ listener: '127.0.0.1:53', answer: 'REFUSED' }),
    routes: () => [{ networkId: TEST_NETWORK, alias: question.alias, address: PROXY, port: 80 }],
    isListening: async () => true,
    sandboxes: { addressOf: (id) => (id === 'sbx-web' ? '10.76.0.2' : '10.76.0.6'), isPaused: () => false },
    endpointsOf: () => [],
    flows: {
      probe: async () => ({ kind: 'taken', agentId: HOST_A, version: 7 }),
      dialTarget: async () => null,
      tryOutside: async () => null,
      flows: () => [],
    },
    egress: { mode: 'listed', resolve: null, deniedOf: async () => [] },
    inspection: seen,
    dialForbidden: async () => forbidden({}),
    checkIsolation: async () => {},
    isolationOf: () => ({ isolation: 'enforced', isolationEvidence: null, isolationRemedy: null }),
  };
});

async function statusesOf(change: Partial<DiagnosedAgent>, asked: Partial<ChecksRequest> = {}) {
  const { checks } = await runChecks({ ...well, ...change }, { ...question, ...asked });
  return new Map(checks.map(({ code, status, evidence }) => [code, `${status}: ${evidence}`]));
}

describe('the checks of an agent', () => {
  it('are those of the end that is asked, in order, and pass where all is well', async () => {
    for (const role of ['source', 'target'] as const) {
      const { checks, effect } = await runChecks(well, { ...question, role });
      expect(checks.map(({ code }) => code)).to.deep.equal(CHECKS_OF[role]);
      expect(checks.filter(({ status }) => status !== 'pass')).to.deep.equal([]);
      expect(effect).to.equal('allow');
    }
  });

  const never = () => new Promise<never>(() => {});
  const broken = async (): Promise<never> => {
    throw new Error('it broke');
  };
  const rows: readonly (readonly [string, CheckCode, Partial<DiagnosedAgent>, Partial<ChecksRequest>, RegExp])[] = [
    ['a sandbox without a resolver', 'USES_AGENT_DNS', inside({ lookUp: answers([]) }), {}, /^unknown: no resolver/],
    [
      'a resolver that is not the agent',
      'USES_AGENT_DNS',
      inside({ lookUp: answers([['1.1.1.1', 'ENOTFOUND']]) }),
      {},
      /^fail: .*asks 1\.1\.1\.1 .*ENOTFOUND; the agent's own answer is 127\.77\.0\.9/,
    ],
    [
      'a resolver with an answer of its own',
      'USES_AGENT_DNS',
      inside({ lookUp: answers([['1.1.1.1', ['203.0.113.7']]]) }),
      {},
      /^fail: .*203\.0\.113\.7/,
    ],
    [
      'one process of several with another resolver',
      'USES_AGENT_DNS',
      inside({
        lookUp: answers([
          ['1.1.1.1', 'ENOTFOUND'],
          ['10.76.0.1', [PROXY]],
        ]),
      }),
      {},
      /^pass: .*10\.76\.0\.1.*; but .*1\.1\.1\.1/,
    ],
    ['a driver that sees nothing', 'USES_AGENT_DNS', { inspection: seesNothing('blind') }, {}, /^skipped: .*blind/],
    [
      'a driver that sees nothing',
      'ISOLATED',
      { dialForbidden: async () => ({ kind: 'unseen', reason: 'blind' }) },
      {},
      /^skipped: .*blind/,
    ],
    [
      'a neighbour that answers',
      'ISOLATED',
      dialled({ neighbours: dials(2, ['10.76.0.6']) }),
      {},
      /^fail: .*10\.76\.0\.6/,
    ],
    [
      'a source with another network',
      'ISOLATED',
      isolated('advisory'),
      {},
      /^skipped: isolation of sbx-web is advisory: why/,
    ],
    ['a source whose driver says so', 'ISOLATED', isolated('broken'), {}, /^fail: isolation of sbx-web is broken: why/],
    [
      'a source with another network, and a neighbour that answers',
      'ISOLATED',
      { ...isolated('advisory'), ...dialled({ neighbours: dials(2, ['10.76.0.6']) }) },
      {},
      /^fail: .*10\.76\.0\.6/,
    ],
    [
      'a service of the host that answers',
      'ISOLATED',
      dialled({ host: dials(1, ['10.76.0.1:9999']) }),
      {},
      /^fail: sbx-web reaches 10\.76\.0\.1:9999 of its host without the proxy/,
    ],
    ['no neighbour', 'ISOLATED', dialled({ neighbours: dials(0, []) }), {}, /^pass: .*1 services of its host/],
    [
      'neither a neighbour nor a service of the host',
      'ISOLATED',
      dialled({ neighbours: dials(0, []), host: dials(0, []) }),
      {},
      /^skipped: /,
    ],
    ['a source elsewhere', 'ISOLATED', {}, { from: 'sandbox:sbx-other' }, /^skipped: the selector matches no sandbox/],
    ['a source elsewhere', 'PEER_REACHED', {}, { from: 'sandbox:sbx-other' }, /^skipped: .*no source on this host/],
    [
      'nobody inside',
      'TARGET_ACCEPTS',
      inside({ listeners: async () => [] }),
      target(),
      /^fail: nothing listens on port 7000/,
    ],
    [
      'a denied flow, a table',
      'TARGET_ACCEPTS',
      {},
      target('sandbox:sbx-api'),
      /^pass: sbx-api listens on 0\.0\.0\.0:7000/,
    ],
    [
      'no table, allowed',
      'TARGET_ACCEPTS',
      inside({ listeners: async () => null }),
      target(),
      /^pass: sbx-api accepted/,
    ],
    [
      'no table, denied',
      'TARGET_ACCEPTS',
      { ...inside({ listeners: async () => null }), ...flows({ dialTarget: broken }) },
      target('sandbox:sbx-api'),
      /^skipped: the policy denies it/,
    ],
    [
      'no table, and nobody takes the dial',
      'TARGET_ACCEPTS',
      { ...inside({ listeners: async () => null }), ...flows(refusing('TARGET_REFUSED')) },
      target(),
      /^fail: nothing listens on 10\.76\.0\.6:7000/,
    ],
    [
      'no table, and the address does not answer',
      'TARGET_ACCEPTS',
      { ...inside({ listeners: async () => null }), ...flows(refusing('TARGET_UNREACHABLE')) },
      target(),
      /^fail: TARGET_UNREACHABLE/,
    ],
    ['a tool that fails', 'TARGET_ACCEPTS', inside({ listeners: broken }), target(), /^unknown: .*it broke/],
    ['a tool that fails', 'USES_AGENT_DNS', inside({ lookUp: broken }), {}, /^unknown: .*it broke/],
    ['a tool that fails', 'ISOLATED', { dialForbidden: broken }, {}, /^unknown: .*it broke/],
    [
      'a target that is paused',
      'TARGET_ACCEPTS',
      { sandboxes: { addressOf: () => '10.76.0.6', isPaused: () => true } },
      target(),
      /^fail: sbx-api is paused/,
    ],
    ['an alias of nobody', 'TARGET_ACCEPTS', {}, { role: 'target', port: 81 }, /^skipped: api:81 leads to no sandbox/],
  ];
  for (const [what, code, host, asked, expected] of rows) {
    it(`${what}: ${code} ${expected.source}`, async () => {
      expect((await statusesOf(host, asked)).get(code)).to.match(expected);
    });
  }

  it('that hang are not known at the end of their time, and hold up no other', async () => {
    const began = performance.now();
    const statuses = await statusesOf({ ...flows({ probe: never }), ...inside({ lookUp: never }) });
    expect(performance.now() - began).to.be.within(CHECKS_WITHIN_MS - 50, CHECKS_WITHIN_MS + 450);
    for (const code of ['USES_AGENT_DNS', 'PEER_REACHED'] as const) {
      expect(statuses.get(code)).to.match(/^unknown: the check did not finish within/);
    }
    expect([...statuses.values()].filter((text) => text.startsWith('pass'))).to.have.length(6);
  });

  it('that wait for a silent peer say so before the end of their time', async () => {
    const silent: DiagnosedAgent['flows']['probe'] = async (_question, signal) => {
      await once(signal, 'abort');
      // Aborting the work also takes a moment.
      return late(100, {
        ...{ kind: 'unreachable', agentId: HOST_A, code: 'CONNECT_TIMEOUT' },
        ...{ message: 'no answer', remedy: null },
      } as const);
    };
    expect((await statusesOf(flows({ probe: silent }))).get('PEER_REACHED')).to.match(/^fail: .*CONNECT_TIMEOUT/);
  });

  it('run side by side', async () => {
    const began = performance.now();
    await statusesOf({
      dnsRevision: () => late(400, 3),
      isListening: () => late(400, true),
      ...flows({ probe: () => late(400, { kind: 'taken', agentId: HOST_A, version: 7 } as const) }),
      ...inside({
        lookUp: () => late(400, { kind: 'looked up', agentResolver: '10.76.0.1', lookups: [] } as const),
      }),
      dialForbidden: () => late(400, forbidden({})),
    });
    expect(performance.now() - began).to.be.lessThan(1_200);
  });
});

/** A part of the host that takes this long to answer. */
function late<T>(afterMs: number, answer: T): Promise<T> {
  return pause(afterMs, answer);
}

function inside(change: Partial<DiagnosedAgent['inspection']>): Partial<DiagnosedAgent> {
  return { inspection: { ...seen, ...change } };
}

function isolated(isolation: 'advisory' | 'broken'): Partial<DiagnosedAgent> {
  return { isolationOf: () => ({ isolation, isolationEvidence: 'why', isolationRemedy: 'what to do' }) };
}

function flows(change: Partial<DiagnosedAgent['flows']>): Partial<DiagnosedAgent> {
  const carried: DiagnosedAgent['flows'] = {
    probe: async () => ({ kind: 'taken', agentId: HOST_A, version: 7 }),
    dialTarget: async () => null,
    tryOutside: async () => null,
    flows: () => [],
  };
  return { flows: { ...carried, ...change } };
}

function refusing(code: string): Partial<DiagnosedAgent['flows']> {
  return { dialTarget: async () => ({ code, message: 'its words', remedy: null }) };
}

function target(from = 'sandbox:sbx-web'): Partial<ChecksRequest> {
  return { role: 'target', from };
}

function answers(
  lookups: readonly (readonly [string, readonly string[] | string])[],
): DiagnosedAgent['inspection']['lookUp'] {
  return async () => ({
    kind: 'looked up',
    agentResolver: '10.76.0.1',
    lookups: lookups.map(([server, answer], index) => ({ who: `process ${index} (node)`, servers: [server], answer })),
  });
}

function dials(dialled: number, reached: readonly string[]): Dials {
  return { dialled, reached };
}

function forbidden(change: Partial<ForbiddenDials>): ForbiddenDials {
  return { kind: 'dialled', inPlace: null, madeFor: null, neighbours: dials(2, []), host: dials(1, []), ...change };
}

function dialled(change: Partial<ForbiddenDials>): Partial<DiagnosedAgent> {
  return { dialForbidden: async () => forbidden(change) };
}
