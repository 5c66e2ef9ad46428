import { expect } from 'chai';
import { RestartPauses } from '#libs/mesh/tsnet/restart-pauses.js';

const next = (pauses: RestartPauses, count: number): readonly number[] =>
  Array.from({ length: count }, () => pauses.nextMs());

describe('pauses before a mesh-node is started again', () => {
  it('grow to five seconds, and begin anew once a node has joined', () => {
    const pauses = new RestartPauses(() => 0);
    expect(next(pauses, 7)).to.deep.equal([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
    pauses.restart();
    expect(next(pauses, 2)).to.deep.equal([250, 500]);
  });

  it('are shorter by up to a quarter, by chance, and never longer', () => {
    let draws = 0;
    const spread = new RestartPauses(() => (draws++ % 100) / 100);
    next(spread, 100);
    const pauses = next(spread, 100);
    expect(Math.max(...pauses)).to.equal(5_000);
    expect(Math.min(...pauses)).to.be.within(3_750, 3_800);
    expect(new Set(pauses).size).to.equal(100);
  });

  it('differ between nodes without being told to', () => {
    const pauses = Array.from({ length: 20 }, () => new RestartPauses().nextMs());
    expect(new Set(pauses).size).to.be.greaterThan(1);
  });
});
