import { expect } from 'chai';
import { meshView } from '#apps/control-plane/presence/mesh-view.js';
import { KNOWN_FOR_MS } from '#libs/contracts/bus/contact.js';
import type { MeshState } from '#libs/contracts/bus/from-member/hello.js';
import { AGENT_STATUSES, LOCAL_NODE_STATUSES } from '#libs/contracts/statuses.js';

const AT = new Date('2026-01-02T03:04:05.000Z');
const later = (ms: number) => new Date(AT.getTime() + ms);
const reports: readonly MeshState[] = [
  { transport: 'direct', state: 'joined', code: null, message: null, endpoints: ['10.0.0.1:7443'] },
  { transport: 'tsnet', state: 'joining', code: null, message: null, endpoints: [] },
  { transport: 'tsnet', state: 'failed', code: 'MESH_KEY_USED', message: 'authkey already used', endpoints: [] },
];
const statuses = [...new Set([...AGENT_STATUSES, ...LOCAL_NODE_STATUSES])];

describe('how a node stands in the mesh', () => {
  for (const mesh of reports) {
    it(`is ${mesh.state} as long as it is in contact and said so within the bound`, () => {
      for (const ms of [-1_000, 0, KNOWN_FOR_MS]) {
        expect(meshView({ mesh, lastContactAt: AT }, 'ONLINE', later(ms))).to.deep.equal({ ...mesh, lastKnown: null });
      }
    });

    const { transport, ...last } = mesh;
    const unknown = { transport, state: 'unknown', code: null, message: null, endpoints: [] };

    it(`is unknown after the bound, and was ${mesh.state} then`, () => {
      expect(meshView({ mesh, lastContactAt: AT }, 'ONLINE', later(KNOWN_FOR_MS + 1))).to.deep.equal({
        ...unknown,
        lastKnown: { ...last, at: AT.toISOString(), secondsAgo: 7 },
      });
    });

    for (const status of statuses.filter((each) => each !== 'ONLINE')) {
      it(`is unknown of a node that is ${status}, even if it said a moment ago that it is ${mesh.state}`, () => {
        expect(meshView({ mesh, lastContactAt: AT }, status, later(10))).to.deep.equal({
          ...unknown,
          lastKnown: { ...last, at: AT.toISOString(), secondsAgo: 0 },
        });
      });
    }
  }

  it('is nothing of a node that never said', () => {
    expect(meshView(null, 'UNKNOWN', AT)).to.equal(null);
    expect(meshView({ mesh: null, lastContactAt: AT }, 'ONLINE', AT)).to.equal(null);
  });
});
