import { expect } from 'chai';
import {
  agentInboxPrefix,
  agentOfSubject,
  agentSubject,
  everyAgentSubject,
  FROM_AGENT,
  FROM_LOCAL_NODE,
  localNodeInboxPrefix,
  localNodeSubject,
  senderInboxPrefix,
  TO_AGENT,
} from '#libs/contracts/bus/subjects.js';
import { topologyStatement } from '#libs/contracts/bus/to-member/topology.js';
import { parseAgentId, parseLocalNodeId, parseNetworkId, parseNetworkName } from '#libs/contracts/ids.js';
import { enrollmentStatement, joinStatement, meshKeyStatement, renewalStatement } from '#libs/contracts/renewal.js';

const agentId = parseAgentId('host-a', 'agent');

describe('what a signature covers', () => {
  const topology = {
    epoch: { counter: 1, id: '5c1d' },
    networkId: parseNetworkId('0a1b', 'network'),
    to: 7,
    hash: 'ab'.repeat(32),
  };

  it('is written one way only, for it is signed by one release and checked by another', () => {
    expect(topologyStatement(agentId, topology)).to.equal(
      `gs-topology-v1\nhost-a\n1\n5c1d\n0a1b\nfull\n7\n${'ab'.repeat(32)}`,
    );
  });

  it('differs with every part of it', () => {
    const other = parseAgentId('host-b', 'agent');
    const statements = [
      topologyStatement(agentId, topology),
      topologyStatement(other, topology),
      topologyStatement(agentId, { ...topology, epoch: { counter: 2, id: '5c1d' } }),
      topologyStatement(agentId, { ...topology, epoch: { counter: 1, id: '5c1e' } }),
      topologyStatement(agentId, { ...topology, networkId: parseNetworkId('0a1c', 'network') }),
      topologyStatement(agentId, { ...topology, to: 8 }),
      topologyStatement(agentId, { ...topology, hash: 'ac'.repeat(32) }),
    ];
    expect(new Set(statements).size).to.equal(statements.length);
  });

  it('names all that a renewal asks for', () => {
    const renewal = { agentId, nkey: 'UA', certificateRequest: 'PEM', timestamp: '2026-03-01T12:00:00Z' };
    expect(renewalStatement(renewal)).to.equal('gs-renewal-v1\nhost-a\nUA\n2026-03-01T12:00:00Z\nPEM');
  });

  it('names all that an enrolment and a join ask for, each for its own purpose', () => {
    const keys = { nkey: 'UA', certificateRequest: 'PEM', timestamp: '2026-03-01T12:00:00Z' };
    expect(enrollmentStatement({ name: agentId, ...keys })).to.equal(
      'gs-enrollment-v1\nhost-a\nUA\n2026-03-01T12:00:00Z\nPEM',
    );
    const network = parseNetworkName('dev', 'network');
    expect(joinStatement({ network, machine: 'Ada’s laptop', ...keys })).to.equal(
      'gs-join-v1\ndev\n"Ada’s laptop"\nUA\n2026-03-01T12:00:00Z\nPEM',
    );
    // A name with a line break in it cannot imitate the following lines.
    expect(joinStatement({ network, machine: 'a\nUB', ...keys }).split('\n')).to.have.length(6);
  });

  it('is of another kind for a mesh key, so that neither stands for the other', () => {
    const request = { agentId, nkey: 'UA', timestamp: '2026-03-01T12:00:00Z' };
    expect(meshKeyStatement(request)).to.equal('gs-mesh-key-v1\nhost-a\nUA\n2026-03-01T12:00:00Z');
  });
});

describe('subjects', () => {
  it('name the agent in one token, from which it is read again', () => {
    for (const message of [...TO_AGENT, ...FROM_AGENT]) {
      const subject = agentSubject(agentId, message);
      expect(subject).to.equal(`gs.v1.agent.host-a.${message}`);
      expect(agentOfSubject(subject)).to.equal('host-a');
    }
  });

  it('of every agent stand for exactly one message', () => {
    expect(everyAgentSubject('applied')).to.equal('gs.v1.agent.*.applied');
  });

  it('have no agent where there is none', () => {
    for (const subject of ['', 'gs', 'gs.v1.agent']) expect(agentOfSubject(subject)).to.equal('');
  });

  it('of replies belong to one agent', () => {
    expect(agentInboxPrefix(agentId)).to.equal('_INBOX.host-a');
  });

  it('say whose inbox a reply belongs in, and that of no other kind of subject', () => {
    const nodeId = parseLocalNodeId('laptop', 'node');
    for (const message of FROM_AGENT) {
      expect(senderInboxPrefix(agentSubject(agentId, message))).to.equal(agentInboxPrefix(agentId));
    }
    for (const message of FROM_LOCAL_NODE) {
      expect(senderInboxPrefix(localNodeSubject(nodeId, message))).to.equal(localNodeInboxPrefix(nodeId));
    }
    for (const subject of ['', 'gs.v1.agent', 'gs.v1.agent.', 'gs.v1.other.host-a.hello', '_INBOX.host-a.x.y']) {
      expect(senderInboxPrefix(subject), subject).to.equal(null);
    }
  });
});
