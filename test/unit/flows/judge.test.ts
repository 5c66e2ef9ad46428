import { expect } from 'chai';
import { parseAgentId, parseAliasName, parseLocalNodeId, parseSandboxId, parseUserName } from '#libs/contracts/ids.js';
import { parseDestinationName, parseOutsideName } from '#libs/contracts/outside-names.js';
import { carrierOf, type FlowSubject, judge, sourceKey } from '#libs/data-plane/flows/judge.js';
import type { MeshIdentity } from '#libs/mesh/flow.js';
import type { FlowSource, NetworkView } from '#libs/policy/model.js';
import { networkView, TEST_TIME_MS } from '#test/support/network-view.js';

const hostA = parseAgentId('host-a', 'agent');
const hostB = parseAgentId('host-b', 'agent');
const web: FlowSource = { kind: 'sandbox', sandboxId: parseSandboxId('sbx-web', 'sandbox') };
const lost = { kind: 'sandbox', sandboxId: parseSandboxId('sbx-lost', 'sandbox') } as const;
const stranger: FlowSource = { kind: 'sandbox', sandboxId: parseSandboxId('sbx-stranger', 'sandbox') };
const ada: FlowSource = { kind: 'local', user: parseUserName('ada', 'user'), node: parseLocalNodeId('n1', 'node') };
const adasOther: FlowSource = {
  kind: 'local',
  user: parseUserName('ada', 'user'),
  node: parseLocalNodeId('n2', 'node'),
};
const adasNode: MeshIdentity = {
  kind: 'local',
  user: parseUserName('ada', 'user'),
  node: parseLocalNodeId('n1', 'node'),
};
const evesNode: MeshIdentity = {
  kind: 'local',
  user: parseUserName('eve', 'user'),
  node: parseLocalNodeId('n1', 'node'),
};
const agentA: MeshIdentity = { kind: 'agent', agentId: hostA };
const agentB: MeshIdentity = { kind: 'agent', agentId: hostB };

const view = networkView({
  version: 7,
  sandboxes: { 'sbx-web': 'host-a', 'sbx-api': 'host-b', 'sbx-lost': null },
  aliases: {
    api: { sandbox: 'sbx-api', ports: ['80:8080', 81] },
    web: { sandbox: 'sbx-web', ports: [80] },
    lost: { sandbox: 'sbx-lost', ports: [80] },
  },
  allow: ['any api 80', 'local api 80', 'any web 80', 'any lost 80'],
});
const target = {
  kind: 'sandbox' as const,
  alias: parseAliasName('api', 'alias'),
  sandboxId: parseSandboxId('sbx-api', 'sandbox'),
  agentId: hostB,
  port: 8080,
};

function subject(source: FlowSource, peer: MeshIdentity | null, alias = 'api', port = 80): FlowSubject {
  return {
    ...{ source, to: parseDestinationName(alias, 'alias'), port },
    from: peer === null ? { kind: 'proxy' } : { kind: 'peer', peer },
    target: null,
  };
}

const rows: readonly [string, NetworkView | null, FlowSubject, 'host-a' | 'host-b' | 'local', string][] = [
  ['a client of ours, allowed', view, subject(web, null), 'host-a', 'ALLOWED'],
  ['a peer names its own sandbox', view, subject(web, agentA), 'host-b', 'ALLOWED'],
  ['a developer on their own machine', view, subject(ada, null), 'local', 'ALLOWED'],
  ['a developer through their own node', view, subject(ada, adasNode), 'host-b', 'ALLOWED'],
  ['no topology', null, subject(web, null), 'host-a', 'NETWORK_UNKNOWN'],
  ['a sandbox that is not attached', view, subject(stranger, null), 'host-a', 'NOT_ATTACHED'],
  ['no such alias', view, subject(web, null, 'nothing'), 'host-a', 'NO_ALIAS'],
  ['no such port', view, subject(web, null, 'api', 8080), 'host-a', 'NO_PORT'],
  ['no rule', view, subject(web, null, 'api', 81), 'host-a', 'DEFAULT_DENY'],
  ['a client that the topology has elsewhere', view, subject(web, null), 'host-b', 'SOURCE_NOT_HERE'],
  ['a developer on an agent', view, subject(ada, null), 'host-a', 'SOURCE_NOT_HERE'],
  ['a sandbox that no agent holds, from a local node', view, subject(lost, null), 'local', 'SOURCE_NOT_HERE'],
  ['a sandbox of an agent, from a local node', view, subject(web, null), 'local', 'SOURCE_NOT_HERE'],
  ['a target that no agent holds', view, subject(web, null, 'lost'), 'host-a', 'TARGET_NOT_PLACED'],
  ['a peer names a sandbox of another', view, subject(web, agentB), 'host-b', 'SOURCE_NOT_ON_PEER'],
  ['a peer names a sandbox that no agent holds', view, subject(lost, agentA), 'host-b', 'SOURCE_NOT_ON_PEER'],
  ['a peer names a sandbox that is not attached', view, subject(stranger, agentA), 'host-b', 'SOURCE_NOT_ON_PEER'],
  ['an agent names a developer', view, subject(ada, agentA), 'host-b', 'SOURCE_NOT_ON_PEER'],
  ['a developer names a sandbox', view, subject(web, adasNode), 'host-b', 'SOURCE_NOT_ON_PEER'],
  ['a developer names another', view, subject(ada, evesNode), 'host-b', 'SOURCE_NOT_ON_PEER'],
  ['a developer names another node of theirs', view, subject(adasOther, adasNode), 'host-b', 'SOURCE_NOT_ON_PEER'],
  [
    'another sandbox',
    view,
    { ...subject(web, null), target: { ...target, sandboxId: lost.sandboxId } },
    'host-a',
    'TARGET_MOVED',
  ],
  ['a peer asks for a target of another agent', view, subject(web, agentA), 'host-a', 'TARGET_NOT_HERE'],
  ['the target it began with', view, { ...subject(web, null), target }, 'host-a', 'ALLOWED'],
  ['another inside port', view, { ...subject(web, null), target: { ...target, port: 1 } }, 'host-a', 'TARGET_MOVED'],
  ['another agent', view, { ...subject(web, null), target: { ...target, agentId: hostA } }, 'host-a', 'TARGET_MOVED'],
  ['a target that was placed', view, { ...subject(web, null, 'lost'), target }, 'host-a', 'TARGET_MOVED'],
];

const outside = networkView({
  version: 7,
  sandboxes: { 'sbx-web': 'host-a', 'sbx-api': 'host-b' },
  aliases: {},
  egress: [
    'allow sandbox:sbx-web own.example.com 443', // rule-e0000
    'allow sandbox:sbx-web exit.example.com 443 via=host-b', // rule-e0001
    'allow any denied.example.com 443 via=host-b',
    'deny sandbox:sbx-web denied.example.com 443',
    'allow sandbox:sbx-api api.example.com 443',
    'allow sandbox:sbx-web private.example.com 443 private',
  ],
});
const to = (name: string, source: FlowSource, peer: MeshIdentity | null) => subject(source, peer, name, 443);
const api: FlowSource = { kind: 'sandbox', sandboxId: parseSandboxId('sbx-api', 'sandbox') };
const began = (via: typeof hostA | null, mayBePrivate = false) => ({
  ...{ kind: 'outside' as const, via, mayBePrivate, port: 443 },
  name: parseOutsideName('exit.example.com', 'name'),
});

const OUTSIDE_ROWS: readonly [string, FlowSubject, 'host-a' | 'host-b', string][] = [
  ['a client of ours, to a name that leaves here', to('own.example.com', web, null), 'host-a', 'here'],
  ['a client of ours, to a name that leaves elsewhere', to('exit.example.com', web, null), 'host-a', 'by host-b'],
  ['a peer asks its exit', to('exit.example.com', web, agentA), 'host-b', 'here'],
  [
    'a peer asks an exit for what leaves from its own host',
    to('own.example.com', web, agentA),
    'host-b',
    'EXIT_NOT_HERE',
  ],
  ['a peer asks an exit for what the exit itself may', to('api.example.com', web, agentA), 'host-b', 'DEFAULT_DENY'],
  ['a peer names a sandbox of the exit', to('api.example.com', api, agentA), 'host-b', 'SOURCE_NOT_ON_PEER'],
  ['a peer names a sandbox that it does not hold', to('exit.example.com', web, agentB), 'host-b', 'SOURCE_NOT_ON_PEER'],
  ['a peer asks for what is denied', to('denied.example.com', web, agentA), 'host-b', 'EXPLICIT_DENY'],
  ['a peer asks for no name of a rule', to('other.example.com', web, agentA), 'host-b', 'DEFAULT_DENY'],
  ['a peer asks one that is no exit', to('exit.example.com', web, agentA), 'host-a', 'EXIT_NOT_HERE'],
  ['a developer through their own node', to('exit.example.com', ada, adasNode), 'host-b', 'NOT_ATTACHED'],
  ['a client that the topology has elsewhere', to('own.example.com', web, null), 'host-b', 'SOURCE_NOT_HERE'],
  [
    'a flow that goes on as it began',
    { ...to('exit.example.com', web, null), target: began(hostB) },
    'host-a',
    'by host-b',
  ],
  [
    'a flow that may still lead to private addresses',
    { ...to('private.example.com', web, null), target: began(null, true) },
    'host-a',
    'here',
  ],
  [
    'a flow that may lead to private addresses now',
    { ...to('private.example.com', web, null), target: began(null) },
    'host-a',
    'here',
  ],
  ['a flow that began to a sandbox', { ...to('exit.example.com', web, null), target }, 'host-a', 'TARGET_MOVED'],
  [
    'a flow that began by another exit',
    { ...to('exit.example.com', web, null), target: began(null) },
    'host-a',
    'TARGET_MOVED',
  ],
  [
    'a flow that may lead to private addresses no more',
    { ...to('exit.example.com', web, null), target: began(hostB, true) },
    'host-a',
    'TARGET_MOVED',
  ],
];

describe('whether a host may carry a flow to a name outside', () => {
  for (const [name, asked, self, expected] of OUTSIDE_ROWS) {
    it(`${name}: ${expected}`, () => {
      const decision = judge(outside, asked, parseAgentId(self, 'agent'), TEST_TIME_MS);
      const carrier = decision.allowed && carrierOf(decision.target);
      expect(decision.allowed ? (carrier === null ? 'here' : `by ${carrier}`) : decision.code).to.equal(expected);
    });
  }
});

describe('whether a host may carry a flow', () => {
  for (const [name, held, asked, self, expected] of rows) {
    it(`${name}: ${expected}`, () => {
      const decision = judge(held, asked, self === 'local' ? null : parseAgentId(self, 'agent'), TEST_TIME_MS);
      expect(decision.allowed ? decision.verdict.reason : decision.code).to.equal(expected);
      if (decision.allowed) expect(decision.target).to.deep.equal(target);
    });
  }
});

describe('the key of a source', () => {
  it('is another one for every sandbox, user and node', () => {
    const sources = [web, lost, ada, adasOther, { ...ada, user: parseUserName('eve', 'user') }];
    expect(new Set(sources.map(sourceKey)).size).to.equal(sources.length);
    expect(sourceKey({ ...ada })).to.equal(sourceKey(ada));
  });
});

describe('a flow that began to a name outside', () => {
  it('is cut when its name is an alias now', () => {
    const moved = { ...subject(web, null), target: began(null) };
    expect(judge(view, moved, hostA, TEST_TIME_MS)).to.include({ allowed: false, code: 'TARGET_MOVED' });
  });
});
