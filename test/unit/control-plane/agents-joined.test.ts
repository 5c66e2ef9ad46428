import { expect } from 'chai';
import { readSettings } from '#apps/control-plane/foundation/settings.js';
import { type AgentInMesh, agentsJoined } from '#apps/control-plane/mesh/diagnosis/agents-joined.js';
import type { MeshStateDto } from '#libs/contracts/http/agents.js';
import { parseAgentId } from '#libs/contracts/ids.js';

const TSNET = readSettings({
  GLOBALSTACKS_DATABASE_URL: 'postgres://localhost/gs',
  GLOBALSTACKS_NATS_URL: 'nats://127.0.0.1:4222',
  GLOBALSTACKS_KEYS_DIR: '/keys',
  GLOBALSTACKS_MESH_CONTROL_URL: 'https://mesh.example',
}).mesh;

const joined: MeshStateDto = {
  ...{ transport: 'tsnet', state: 'joined', code: null, message: null },
  ...{ endpoints: [], lastKnown: null },
};
const joining: MeshStateDto = { ...joined, state: 'joining' };
const refused: MeshStateDto = { ...joined, state: 'failed', code: 'MESH_KEY_USED', message: 'authkey already used' };
const direct: MeshStateDto = { ...joined, transport: 'direct' };

/** Whatever it reported before. */
const silent: MeshStateDto = { ...joined, state: 'unknown' };

function agent(name: string, mesh: MeshStateDto | null): AgentInMesh {
  return { agentId: parseAgentId(name, 'name'), mesh };
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
    ['one is away', [agent('host-a', silent)], 'unknown', null, 'host-a has not been heard from'],
    ['one never spoke', [agent('host-a', null)], 'unknown', null, 'host-a'],
    ['one is away, another refused', [agent('a', null), agent('b', refused)], 'fail', 'MESH_KEY_USED', 'b'],
  ];
  for (const [what, agents, status, cause, evidence] of rows) {
    it(`is ${status} when ${what}`, () => {
      const check = agentsJoined(agents, TSNET);
      expect([check.status, check.cause]).to.deep.equal([status, cause]);
      expect(check.evidence).to.include(evidence);
      expect(check.remedy === null).to.equal(status === 'pass' || status === 'skipped');
    });
  }

  it('names some of many', () => {
    const many = Array.from({ length: 25 }, (_, index) => agent(`host-${index}`, refused));
    expect(agentsJoined(many, TSNET).evidence).to.include('host-9 ').and.include('15 more').and.not.include('host-10');
  });
});
