import { expect } from 'chai';
import fc from 'fast-check';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { TopologyMessage } from '#libs/contracts/bus/to-member/topology.js';
import { parseNetworkId } from '#libs/contracts/ids.js';
import { PartAssembly } from '#libs/data-plane/topology/part-assembly.js';

const BOUNDS = { charactersPerSnapshot: 100, charactersInAll: 150, patienceMs: 1_000 };

function part(index: number, count: number, body: string, changes: Partial<TopologyMessage> = {}): TopologyMessage {
  return {
    protocol: BUS_PROTOCOL,
    term: 1,
    epoch: { counter: 1, id: 'one' },
    networkId: parseNetworkId('0a', 'network'),
    from: null,
    to: 3,
    hash: 'hash',
    part: { index, count },
    body,
    signature: '',
    ...changes,
  };
}

describe('the assembly of parts', () => {
  it('gives the whole, in whatever order parts come and however often', () => {
    const parts = fc
      .array(fc.string({ minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 8 })
      .chain((bodies) => {
        const all = [...bodies.keys()];
        const shuffled = fc.shuffledSubarray(all, { minLength: all.length });
        return fc.tuple(fc.constant(bodies), shuffled, fc.array(fc.constantFrom(...all)));
      });
    fc.assert(
      fc.property(parts, ([bodies, order, repeats]) => {
        const assembly = new PartAssembly(BOUNDS);
        const add = (index: number) => assembly.add(part(index, bodies.length, bodies[index] ?? ''), 0);
        const last = order.at(-1) ?? 0;
        for (const index of [...order.slice(0, -1), ...repeats.filter((repeat) => repeat !== last)]) {
          expect(add(index).kind).to.equal('incomplete');
        }
        expect(add(last)).to.deep.equal({ kind: 'complete', body: bodies.join('') });
      }),
    );
  });

  it('gives way to a newer version, and ignores parts of the older', () => {
    const assembly = new PartAssembly(BOUNDS);
    assembly.add(part(0, 2, 'old'), 0);
    assembly.add(part(0, 2, 'new', { to: 4, hash: 'four' }), 0);
    expect(assembly.add(part(1, 2, 'old'), 0)).to.have.property('kind', 'ignored');
    expect(assembly.add(part(1, 2, 'er', { to: 4, hash: 'four' }), 0)).to.deep.equal({
      kind: 'complete',
      body: 'newer',
    });
  });

  it('keeps networks apart', () => {
    const assembly = new PartAssembly(BOUNDS);
    const other = { networkId: parseNetworkId('0b', 'network') };
    assembly.add(part(0, 2, 'one '), 0);
    assembly.add(part(0, 2, 'other ', other), 0);
    expect(assembly.add(part(1, 2, 'two'), 0)).to.deep.equal({ kind: 'complete', body: 'one two' });
    expect(assembly.add(part(1, 2, 'three', other), 0)).to.deep.equal({ kind: 'complete', body: 'other three' });
  });

  it('refuses a snapshot over its bound, alone or with the others', () => {
    const assembly = new PartAssembly(BOUNDS);
    expect(assembly.add(part(0, 2, 'x'.repeat(101)), 0)).to.have.property('code', 'SNAPSHOT_TOO_LARGE');
    assembly.add(part(0, 2, 'x'.repeat(90)), 0);
    const other = { networkId: parseNetworkId('0b', 'network') };
    expect(assembly.add(part(0, 2, 'x'.repeat(90), other), 0)).to.have.property('code', 'SNAPSHOT_TOO_LARGE');
  });

  it('lets go of parts that nothing followed', () => {
    const assembly = new PartAssembly(BOUNDS);
    assembly.add(part(0, 2, 'first'), 0);
    expect(assembly.add(part(1, 2, 'second'), 1_001)).to.have.property('kind', 'incomplete');
  });
});
