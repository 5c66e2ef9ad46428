import { expect } from 'chai';
import { type AgentId, parseAgentId, parseLocalNodeId } from '#libs/contracts/ids.js';
import { meshHostname } from '#libs/mesh/hostname.js';

const agent = (id: string) => meshHostname({ kind: 'agent', id: parseAgentId(id, 'id') });

describe('the name of a node in the mesh', () => {
  it('says what the node is, and which', () => {
    expect(agent('host-a')).to.equal('gs-agent-host-a');
    expect(meshHostname({ kind: 'local', id: parseLocalNodeId('host-a', 'id') })).to.equal('gs-local-host-a');
  });

  it('stays as it is up to the longest label', () => {
    const longest = 'a'.repeat(54);
    expect(agent(longest)).to.equal(`gs-agent-${longest}`).and.to.have.length(63);
  });

  it('is cut where it would be longer, and still differs with every part of the id', () => {
    const names = ['', 'b', 'c'].map((end) => agent(`${'a'.repeat(62)}${end}`));
    expect(new Set(names).size).to.equal(3);
    for (const name of names) expect(name).to.match(/^gs-agent-a{43}-[0-9a-f]{10}$/);
  });

  it('is a label wherever it is cut', () => {
    for (let length = 55; length <= 63; length += 1) {
      const id = `a${'-'.repeat(length - 2)}b`;
      expect(() => parseAgentId(meshHostname({ kind: 'agent', id: id as AgentId }), 'name')).not.to.throw();
    }
  });
});
