import { expect } from 'chai';
import { type AgentInMesh, agentsJoined } from '#apps/control-plane/mesh/diagnosis/agents-joined.js';
import type { MeshState } from '#libs/contracts/bus-messages.js';
import type { AgentStatus } from '#libs/contracts/http/statuses.js';
import { parseAgentId } from '#libs/contracts/ids.js';

const joined: MeshState = { transport: 'tsnet', state: 'joined', code: null, message: null, endpoints: [] };
const joining: MeshState = { ...joined, state: 'joining' };
const refused: MeshState = { ...joined, state: 'failed', code: 'MESH_KEY_USED', message: 'authkey already used' };
const direct: MeshState = { ...joined, transport: 'direct' };

function agent(name: string, mesh: MeshState | null, status: AgentStatus = 'ONLINE'): AgentInMesh {
  return { agentId: parseAgentId(name, 'name'), status, mesh };
}

describe('the check that agents are in the mesh', () => {
  const rows: readonly (readonly [string, readonly AgentInMesh[], string, string | null, string])[] = [
    ['there are none', [], 'skipped', null, 'no agent is enrolled'],
    ['the one is', [agent('host-a', joined)], 'pass', null, 'the one agent has joined'],
    ['all are', [agent('host-a', joined), agent('host-b', joined)], 'pass', null, 'all 2 agents'],
    [
      'one was refused',
      [agent('host-a', joined), agent('host-b', refused)],
      'fail',
      'MESH_KEY_USED',
      'host-b failed MESH_KEY_USED (authkey already used)',
    ],
    ['one is in another mesh', [agent('host-a', direct)], 'fail', 'MESH_TRANSPORT_DIFFERS', 'by direct, not tsnet'],
    [
      'one has lost the control server',
      [agent('host-a', { ...joined, code: 'MESH_CONTROL_UNREACHABLE', message: 'no answer' })],
      'fail',
      'MESH_CONTROL_UNREACHABLE',
      'host-a joined MESH_CONTROL_UNREACHABLE (no answer)',
    ],
    ['one is on its way', [agent('host-a', joining)], 'unknown', null, 'host-a is still joining'],
    ['one is away', [agent('host-a', joined, 'OFFLINE')], 'unknown', null, 'host-a is not heard of'],
    ['one that was refused is away', [agent('host-a', refused, 'OFFLINE')], 'unknown', null, 'host-a'],
    ['one never spoke', [agent('host-a', null, 'UNKNOWN')], 'unknown', null, 'host-a'],
    ['one is away, another refused', [agent('a', null, 'UNKNOWN'), agent('b', refused)], 'fail', 'MESH_KEY_USED', 'b'],
  ];
  for (const [what, agents, status, cause, evidence] of rows) {
    it(`is ${status} when ${what}`, () => {
      const check = agentsJoined(agents, 'tsnet');
      expect([check.status, check.cause]).to.deep.equal([status, cause]);
      expect(check.evidence).to.include(evidence);
      expect(check.remedy === null).to.equal(status === 'pass' || status === 'skipped');
    });
  }

  it('names some of many', () => {
    const many = Array.from({ length: 25 }, (_, index) => agent(`host-${index}`, refused));
    expect(agentsJoined(many, 'tsnet').evidence)
      .to.include('host-9 ')
      .and.include('15 more')
      .and.not.include('host-10');
  });
});
