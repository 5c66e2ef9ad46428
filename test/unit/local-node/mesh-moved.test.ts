import { expect } from 'chai';
import { meshMoved } from '#apps/local-node/joined-state.js';

const DIRECT = { meshTransport: 'direct', meshControlUrl: null } as const;
const TSNET = { meshTransport: 'tsnet', meshControlUrl: 'https://mesh.example' } as const;
const OTHER = { meshTransport: 'tsnet', meshControlUrl: 'https://other.example' } as const;

describe('a mesh that has moved', () => {
  for (const [joined, renewed, says] of [
    [DIRECT, DIRECT, null],
    [TSNET, TSNET, null],
    [DIRECT, TSNET, 'tsnet at https://mesh.example instead of direct'],
    [TSNET, OTHER, 'tsnet at https://other.example instead of tsnet at https://mesh.example'],
    [TSNET, DIRECT, 'direct instead of tsnet at https://mesh.example'],
  ] as const) {
    it(`ends the membership of a local node: ${says ?? 'not'} (${joined.meshTransport})`, () => {
      const ending = meshMoved('dev', joined, renewed);
      expect(ending?.message ?? null).to.equal(
        says === null ? null : `the control plane now has another mesh: ${says}`,
      );
      expect(ending?.remedy ?? 'gstacks mesh join dev').to.equal('gstacks mesh join dev');
    });
  }
});
