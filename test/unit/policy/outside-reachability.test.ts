import { expect } from 'chai';
import { parseOutsidePattern } from '#libs/contracts/outside-names.js';
import { outsideReachabilityChange } from '#libs/policy/outside-reachability.js';
import { networkView, TEST_TIME_MS } from '#test/support/network-view.js';

const PACKAGES = 'allow any packages.example.com 443';
const WILDCARD = 'allow sandbox:sbx-web *.example.com 443';

/** Rules before and after, the question, and who gains (`+`) or loses (`-`) it. */
const rows: readonly (readonly [
  before: readonly string[],
  after: readonly string[],
  pattern: string,
  change: readonly string[],
])[] = [
  [[], [PACKAGES], 'packages.example.com', ['+sandbox:sbx-api', '+sandbox:sbx-web']],
  [[PACKAGES], [], 'packages.example.com', ['-sandbox:sbx-api', '-sandbox:sbx-web']],
  [[WILDCARD], [WILDCARD, PACKAGES], 'packages.example.com', ['+sandbox:sbx-api']],
  [[WILDCARD, PACKAGES], [PACKAGES], '*.example.com', ['-sandbox:sbx-web']],
  [[WILDCARD], [WILDCARD, 'deny any *.example.com 443'], '*.example.com', ['-sandbox:sbx-web']],
  [[WILDCARD], [WILDCARD, 'deny any packages.example.com 443'], '*.example.com', []],
  [[WILDCARD], [WILDCARD, 'deny any packages.example.com 443'], 'packages.example.com', ['-sandbox:sbx-web']],
  [[], ['allow any packages.example.com 8443'], 'packages.example.com', []],
];

describe('who gains or loses names outside', () => {
  const view = (egress: readonly string[]) =>
    networkView({ version: 1, sandboxes: { 'sbx-web': 'host-a', 'sbx-api': null }, aliases: {}, egress });
  for (const [before, after, pattern, expected] of rows) {
    it(`${pattern}, from ${before.join(', ') || 'no rule'} to ${after.join(', ') || 'no rule'}`, () => {
      const asked = parseOutsidePattern(pattern, 'pattern');
      const { gained, lost } = outsideReachabilityChange(view(before), view(after), asked, 443, TEST_TIME_MS);
      const said = [...gained.map(({ from }) => `+${from}`), ...lost.map(({ from }) => `-${from}`)];
      expect(said).to.deep.equal(expected);
      for (const { alias, port } of [...gained, ...lost]) expect(`${alias} ${port}`).to.equal(`${pattern} 443`);
    });
  }
});
