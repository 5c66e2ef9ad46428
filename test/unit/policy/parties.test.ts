import { expect } from 'chai';
import { parseDestinationName } from '#libs/contracts/outside-names.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { partiesOf } from '#libs/policy/parties.js';
import { TEST_TIME_MS } from '#test/support/network-view.js';
import { attached, created, egressRule, published, topologyOf } from './network-events.js';

/** No agent holds lost-1 and lost-2; everything is attached in another order than that of the ids. */
const network = topologyOf(
  created(),
  attached('web-2', 'host-c', { tier: 'web' }),
  attached('web-1', 'host-b', { tier: 'web' }),
  attached('web-3', 'host-b', { tier: 'web' }),
  attached('lost-2', null, { tier: 'web' }),
  attached('lost-1', null, { tier: 'web' }),
  attached('sbx-api', 'host-a'),
  published('api', 'sbx-api', 8080),
  published('lost', 'lost-1', 8080),
  egressRule('e0001', 'allow sandbox:web-1 -> one.example.com:443 via host-d'),
  egressRule('e0002', 'allow label:tier=web -> two.example.com:443 via host-b'),
  egressRule('e0003', 'allow sandbox:web-2 -> one.example.com:443 via host-e'),
);

const nobody = { sources: [], unplacedSources: [], target: null, exits: [] };
const everyWeb = { sources: ['host-b', 'host-c'], unplacedSources: ['lost-1', 'lost-2'] };
const rows: readonly (readonly [from: string, to: string, parties: object])[] = [
  ['sandbox:web-1', 'api', { ...nobody, sources: ['host-b'], target: 'host-a' }],
  ['label:tier=web', 'api', { ...nobody, ...everyWeb, target: 'host-a' }],
  ['sandbox:lost-2', 'api', { ...nobody, unplacedSources: ['lost-2'], target: 'host-a' }],
  ['local', 'api', { ...nobody, target: 'host-a' }],
  ['api', 'lost', { ...nobody, sources: ['host-a'] }],
  ['api', 'nowhere', { ...nobody, sources: ['host-a'] }],
  ['sandbox:web-1', 'one.example.com', { ...nobody, sources: ['host-b'], exits: ['host-d'] }],
  ['label:tier=web', 'one.example.com', { ...nobody, ...everyWeb, exits: ['host-d', 'host-e'] }],
  ['label:tier=web', 'two.example.com', { ...nobody, ...everyWeb, exits: ['host-b'] }],
  // The exit is where the source is.
  ['sandbox:web-1', 'two.example.com', { ...nobody, sources: ['host-b'] }],
  ['api', 'one.example.com', { ...nobody, sources: ['host-a'] }],
];

describe('whom a question about a connection concerns', () => {
  for (const [from, to, parties] of rows) {
    it(`from ${from} to ${to}: ${JSON.stringify(parties)}`, () => {
      const port = to.includes('.') ? 443 : 8080;
      const asked = [parseSelector(from, 'from'), parseDestinationName(to, 'to'), port] as const;
      expect(partiesOf(network, ...asked, TEST_TIME_MS)).to.deep.equal(parties);
    });
  }
});
