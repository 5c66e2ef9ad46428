import { expect } from 'chai';
import { parseLabelChanges } from '#apps/cli/label-changes.js';
import { thrown } from '#test/unit/cli/thrown.js';

describe('cli: label changes', () => {
  it('set with key=value and remove with key-', () => {
    expect(parseLabelChanges(['tier=web', 'team-', 'app.io/name=a-b'])).to.deep.equal({
      set: { tier: 'web', 'app.io/name': 'a-b' },
      remove: ['team'],
    });
  });

  for (const words of [
    [],
    ['tier'],
    ['=web'],
    ['tier='],
    ['-'],
    ['tier=a', 'tier=b'],
    ['tier=a', 'tier-'],
    ['Tier=a'],
    ['a=b c'],
  ]) {
    it(`are refused as ${JSON.stringify(words)}`, () => {
      expect(thrown(() => parseLabelChanges(words)).code).to.be.oneOf(['INVALID_INPUT', 'USAGE']);
    });
  }
});
