import { expect } from 'chai';
import { reachedText } from '#libs/policy/reachability.js';
import { wholeReachabilityChange } from '#libs/policy/whole-reachability.js';
import { networkView, TEST_TIME_MS } from '#test/support/network-view.js';

const view = (allow: readonly string[], egress: readonly string[]) =>
  networkView({
    version: 1,
    sandboxes: { 'sbx-web': 'host-a' },
    aliases: { api: { sandbox: 'sbx-web', ports: [80] } },
    allow,
    egress,
  });
const WILDCARD = 'allow any *.example.com 443';
const [inside, outside, below] = ['api:80', 'packages.example.com:443', '*.example.com:443'].map(
  (target) => `sandbox:sbx-web -> ${target}`,
);

describe('what two views let through differently, inside and outside', () => {
  for (const [what, before, after, gained, lost] of [
    ['both at once, in order', view([], []), view(['any api 80'], [WILDCARD]), [below, inside], []],
    ['both ways', view(['any api 80'], []), view([], [WILDCARD]), [below], [inside]],
    ['a network that is gone', view(['any api 80'], [WILDCARD]), null, [], [below, inside]],
    [
      'a name below a wildcard, denied',
      view([], [WILDCARD]),
      view([], [WILDCARD, 'deny any packages.example.com 443']),
      [],
      [outside],
    ],
    [
      'a rule that names what another one allows',
      view([], [WILDCARD]),
      view([], [WILDCARD, 'allow any packages.example.com 443']),
      [],
      [],
    ],
    ['two names', view([], []), view([], ['allow any packages.example.com 443', WILDCARD]), [below, outside], []],
    [
      'two rules of one name',
      view([], []),
      view([], [WILDCARD, 'allow sandbox:sbx-web *.example.com 443']),
      [below],
      [],
    ],
  ] as const) {
    it(what, () => {
      const change = wholeReachabilityChange(before, after, TEST_TIME_MS);
      expect({ gained: change.gained.map(reachedText), lost: change.lost.map(reachedText) }).to.deep.equal({
        gained,
        lost,
      });
    });
  }
});
