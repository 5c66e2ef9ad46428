import { expect } from 'chai';
import { judgeOffer, type Position } from '#libs/data-plane/topology/acceptance.js';
import type { HeldNetwork } from '#libs/data-plane/topology/held-network.js';
import { snapshotOf } from '#test/support/snapshots.js';

type Offer = Parameters<typeof judgeOffer>[1];

const ONE = { counter: 1, id: 'one' };
const OTHER = { counter: 1, id: 'other' };
const TWO = { counter: 2, id: 'two' };

const held = (version: number, epoch = ONE): HeldNetwork => ({
  epoch,
  hash: `hash-${version}`,
  signature: null,
  snapshot: snapshotOf({ version, sandboxes: {}, aliases: {} }),
});

const at = (position: Partial<Position>): Position => ({ epoch: ONE, term: 4, held: held(7), ...position });

describe('whether an agent takes a version on offer', () => {
  const offer: Offer = { epoch: ONE, term: 4, from: null, to: 8, hash: 'hash-8' };
  const rows: readonly (readonly [string, Position, Partial<Offer>, string])[] = [
    ['the next version', at({}), {}, 'take'],
    ['a version far ahead', at({}), { to: 70 }, 'take'],
    ['the first of a network', at({ held: null }), { to: 1 }, 'take'],
    ['the first of everything', at({ held: null, epoch: null, term: 0 }), {}, 'take'],
    ['a newer publisher', at({}), { term: 5 }, 'take'],
    ['a replaced publisher', at({}), { term: 3 }, 'ignore TERM_SUPERSEDED'],
    ['the version held', at({}), { to: 7, hash: 'hash-7' }, 'held'],
    ['an older version', at({}), { to: 6, hash: 'hash-6' }, 'ignore VERSION_SUPERSEDED'],
    ['another snapshot of the version held', at({}), { to: 7 }, 'refuse EPOCH_REGRESSED'],
    ['another store of the same epoch', at({}), { epoch: OTHER }, 'refuse EPOCH_REGRESSED'],
    ['another store, for a new network', at({ held: null }), { epoch: OTHER }, 'refuse EPOCH_REGRESSED'],
    ['a higher epoch, whatever its version', at({}), { epoch: TWO, to: 1 }, 'take'],
    ['a lower epoch', at({ epoch: TWO, held: held(1, TWO) }), {}, 'refuse EPOCH_REGRESSED'],
    ['a lower epoch, for a new network', at({ epoch: TWO, held: null }), {}, 'refuse EPOCH_REGRESSED'],
    ['a network left behind in a lower epoch', at({ epoch: TWO }), { epoch: TWO, to: 2 }, 'take'],
    ['a delta from the version held', at({}), { from: 7 }, 'take'],
    ['a delta from an older version', at({}), { from: 6 }, 'unfounded DELTA_UNFOUNDED'],
    ['a delta from a version that is not here yet', at({}), { from: 8, to: 9 }, 'unfounded DELTA_UNFOUNDED'],
    ['a delta of a network that is not held', at({ held: null }), { from: 7 }, 'unfounded DELTA_UNFOUNDED'],
    ['a delta of a higher epoch', at({}), { epoch: TWO, from: 7 }, 'unfounded DELTA_UNFOUNDED'],
    ['a delta to the version held', at({}), { from: 6, to: 7, hash: 'hash-7' }, 'held'],
    ['a delta to an older version', at({}), { from: 5, to: 6, hash: 'hash-6' }, 'ignore VERSION_SUPERSEDED'],
    ['a delta of a lower epoch', at({ epoch: TWO, held: held(7, TWO) }), { from: 7 }, 'refuse EPOCH_REGRESSED'],
    ['a delta of a replaced publisher', at({}), { term: 3, from: 7 }, 'ignore TERM_SUPERSEDED'],
  ];
  for (const [what, position, change, expected] of rows) {
    it(`${what}: ${expected}`, () => {
      const verdict = judgeOffer(position, { ...offer, ...change });
      expect('code' in verdict ? `${verdict.kind} ${verdict.code}` : verdict.kind).to.equal(expected);
    });
  }
});
