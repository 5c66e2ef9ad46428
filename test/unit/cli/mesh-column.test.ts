import { expect } from 'chai';
import { meshCell, meshFault } from '#apps/cli/mesh/mesh-column.js';
import { ago } from '#apps/cli/output/ago.js';
import type { MeshStateDto } from '#libs/api-client/generated/index.js';

const joined: MeshStateDto = {
  ...{ transport: 'direct', state: 'joined', code: null, message: null },
  ...{ endpoints: [], lastKnown: null },
};
const lastKnown: NonNullable<MeshStateDto['lastKnown']> = {
  ...{ state: 'joined', code: null, message: null },
  ...{ endpoints: [], at: '', secondsAgo: 190 },
};
const silent: MeshStateDto = { ...joined, state: 'unknown', lastKnown };
const fault = { code: 'MESH_KEY_USED', message: 'authkey already used' } as const;

describe('cli: how a node stands in the mesh', () => {
  for (const [mesh, cell] of [
    [null, null],
    [joined, 'direct joined'],
    [{ ...joined, state: 'failed', ...fault }, 'direct failed MESH_KEY_USED'],
    [silent, 'direct unknown (joined 3 min ago)'],
    [
      { ...silent, lastKnown: { ...lastKnown, state: 'failed', ...fault, secondsAgo: 7 } },
      'direct unknown (failed MESH_KEY_USED 7 s ago)',
    ],
  ] as const) {
    it(`is shown as ${cell}`, () => expect(meshCell(mesh)).to.equal(cell));
  }

  it('is no fault as long as it is not known', () => {
    expect(meshFault('host-a', { ...joined, state: 'failed', ...fault })[0]).to.contain('MESH_KEY_USED');
    expect(meshFault('host-a', { ...silent, lastKnown: { ...lastKnown, ...fault } })).to.deep.equal([]);
  });

  for (const [seconds, text] of [
    [0, '0 s ago'],
    [59.9, '59 s ago'],
    [60, '1 min ago'],
    [3_599, '59 min ago'],
    [3_600, '1 h ago'],
    [86_399, '23 h ago'],
    [86_400 * 3, '3 d ago'],
  ] as const) {
    it(`${seconds} seconds are ${text}`, () => expect(ago(seconds)).to.equal(text));
  }
});
