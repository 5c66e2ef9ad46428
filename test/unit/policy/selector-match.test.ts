import { expect } from 'chai';
import fc from 'fast-check';
import { formatSelector } from '#libs/contracts/selectors.js';
import type { NetworkView } from '#libs/policy/model.js';
import { standsForAllOf } from '#libs/policy/selector-match.js';
import { EVERY_SELECTOR, EVERY_SOURCE, topology } from './arbitraries.js';
import { standsFor } from './reference-evaluator.js';

const PAIRS = EVERY_SELECTOR.flatMap((wide) => EVERY_SELECTOR.map((narrow) => ({ wide, narrow })));

/** By selector: the indexes of the sources that it matches, according to the reference evaluator. */
function membersIn(view: NetworkView): ReadonlyMap<string, ReadonlySet<number>> {
  const isThere = EVERY_SOURCE.map((source) => source.kind === 'local' || view.sandboxes.has(source.sandboxId));
  return new Map(
    EVERY_SELECTOR.map((selector) => {
      const members = EVERY_SOURCE.flatMap((source, index) =>
        isThere[index] === true && standsFor(view, selector, source) ? [index] : [],
      );
      return [formatSelector(selector), new Set(members)];
    }),
  );
}

/** The pairs in which the narrow selector matches a source that the wide one does not match. */
function uncovered(view: NetworkView): readonly string[] {
  const members = membersIn(view);
  return PAIRS.filter(({ wide, narrow }) => {
    const covered = members.get(formatSelector(wide));
    return [...(members.get(formatSelector(narrow)) ?? [])].some((member) => covered?.has(member) !== true);
  }).map(textOf);
}

const textOf = ({ wide, narrow }: (typeof PAIRS)[number]) => `${formatSelector(wide)} of ${formatSelector(narrow)}`;
const covering = PAIRS.filter(({ wide, narrow }) => standsForAllOf(wide, narrow)).map(textOf);

describe('a selector that stands for all of another', () => {
  it('stands for each source that the other one stands for, whatever is attached', () => {
    fc.assert(
      fc.property(topology, (view) => {
        const broken = new Set(uncovered(view));
        expect(covering.filter((pair) => broken.has(pair))).to.deep.equal([]);
      }),
      { numRuns: 200 },
    );
  });

  it('is told from every other: for each other pair there is a network that shows why not', () => {
    const shown = new Set(fc.sample(topology, { numRuns: 200, seed: 1 }).flatMap(uncovered));
    const others = PAIRS.filter(({ wide, narrow }) => !standsForAllOf(wide, narrow)).map(textOf);
    expect(others.filter((pair) => !shown.has(pair))).to.deep.equal([]);
  });
});
