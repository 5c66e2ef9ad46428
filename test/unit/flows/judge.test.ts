import { expect } from 'chai';
import { parseAgentId, parseAliasName, parseLocalNodeId, parseSandboxId, parseUserName } from '#libs/contracts/ids.js';
import { type FlowSubject, judge } from '#libs/data-plane/flows/judge.js';
import type { MeshIdentity } from '#libs/mesh/flow.js';
import type { FlowSource, NetworkView } from '#libs/policy/model.js';
import { networkView } from '#test/support/network-view.js';

const hostA = parseAgentId('host-a', 'agent');
const hostB = parseAgentId('host-b', 'agent');
const web: FlowSource = { kind: 'sandbox', sandboxId: parseSandboxId('sbx-web', 'sandbox') };
const lost: FlowSource = { kind: 'sandbox', sandboxId: parseSandboxId('sbx-lost', 'sandbox') };
const stranger: FlowSource = { kind: 'sandbox', sandboxId: parseSandboxId('sbx-stranger', 'sandbox') };
const ada: FlowSource = { kind: 'local', user: parseUserName('ada', 'user'), node: parseLocalNodeId('n1', 'node') };
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
const target = { sandboxId: parseSandboxId('sbx-api', 'sandbox'), agentId: hostB, port: 8080 };

function subject(source: FlowSource, peer: MeshIdentity | null, alias = 'api', port = 80): FlowSubject {
  return {
    question: { source, alias: parseAliasName(alias, 'alias'), port },
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
  ['a target that no agent holds', view, subject(web, null, 'lost'), 'host-a', 'TARGET_NOT_PLACED'],
  ['a peer names a sandbox of another', view, subject(web, agentB), 'host-b', 'SOURCE_NOT_ON_PEER'],
  ['a peer names a sandbox that no agent holds', view, subject(lost, agentA), 'host-b', 'SOURCE_NOT_ON_PEER'],
  ['a peer names a sandbox that is not attached', view, subject(stranger, agentA), 'host-b', 'SOURCE_NOT_ON_PEER'],
  ['an agent names a developer', view, subject(ada, agentA), 'host-b', 'SOURCE_NOT_ON_PEER'],
  ['a developer names a sandbox', view, subject(web, adasNode), 'host-b', 'SOURCE_NOT_ON_PEER'],
  ['a developer names another', view, subject(ada, evesNode), 'host-b', 'SOURCE_NOT_ON_PEER'],
  ['a peer asks for a target of another agent', view, subject(web, agentA), 'host-a', 'TARGET_NOT_HERE'],
  ['the target it began with', view, { ...subject(web, null), target }, 'host-a', 'ALLOWED'],
  ['another inside port', view, { ...subject(web, null), target: { ...target, port: 1 } }, 'host-a', 'TARGET_MOVED'],
  ['another agent', view, { ...subject(web, null), target: { ...target, agentId: hostA } }, 'host-a', 'TARGET_MOVED'],
  ['a target that was placed', view, { ...subject(web, null, 'lost'), target }, 'host-a', 'TARGET_MOVED'],
];

describe('whether a host may carry a flow', () => {
  for (const [name, held, asked, self, expected] of rows) {
    it(`${name}: ${expected}`, () => {
      const decision = judge(held, asked, self === 'local' ? null : parseAgentId(self, 'agent'));
      expect(decision.allowed ? decision.verdict.reason : decision.code).to.equal(expected);
      if (decision.allowed) expect(decision.target).to.deep.equal(target);
    });
  }
});
