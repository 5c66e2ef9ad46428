import { expect } from 'chai';
import { parseDestination, parseTestDestination } from '#apps/cli/diagnostics/destination.js';
import { parseGivenDestination } from '#libs/contracts/http/egress.js';
import {
  FullNameError,
  fullName,
  parseAgentId,
  parseAgentName,
  parseAliasName,
  parseCommandId,
  parseFlowId,
  parseLocalNodeId,
  parseNetworkId,
  parseNetworkName,
  parseRuleId,
  parseSandboxId,
  parseUserName,
} from '#libs/contracts/ids.js';
import { parseDestinationName } from '#libs/contracts/outside-names.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { refused, shown } from './refused.js';

const label = 'x'.repeat(63);
const NOT_TEXT = [undefined, null, 7, true, {}, [], ['dev'], { toString: () => 'dev' }];
/** What an attacker or a typing error puts in place of a name. */
const NEVER = [
  '',
  ' ',
  'a b',
  ' dev',
  'dev ',
  'dev\n',
  '\ndev',
  'dev\0',
  'a/b',
  '../etc',
  'a*',
  '>',
  '\u001b[31m',
  'ä',
  'ｄｅｖ',
  'a;b',
];

const DNS_LABEL = {
  accepted: ['a', '7', 'dev', 'api-2', '0', 'a--b', label, 'xn--a'],
  refused: ['-a', 'a-', '-', 'Dev', 'DEV', 'a_b', 'a.b', `${label}x`],
};

const tables: readonly (readonly [
  name: string,
  parse: (value: unknown, field: string) => string,
  accepted: readonly string[],
  refused: readonly string[],
])[] = [
  ['network name', parseNetworkName, [...DNS_LABEL.accepted, 'local', 'any'], DNS_LABEL.refused],
  ['alias', parseAliasName, DNS_LABEL.accepted, DNS_LABEL.refused],
  ['agent id', parseAgentId, DNS_LABEL.accepted, DNS_LABEL.refused],
  ['agent name', parseAgentName, [...DNS_LABEL.accepted, 'local-1', 'controlplane'], DNS_LABEL.refused],
  ['local node id', parseLocalNodeId, DNS_LABEL.accepted, DNS_LABEL.refused],
  [
    'network id',
    parseNetworkId,
    ['0d1f3a52-9a41-4b5e-8f0f-1a0c6b8a2f11', '0', 'a'.repeat(64)],
    ['0D1F', 'xyz', 'a'.repeat(65)],
  ],
  [
    'sandbox id',
    parseSandboxId,
    ['sbx-api', 'A', '0', 'a.b_c-D', 'x'.repeat(128), 'f3b1c0ffee'],
    ['-a', '.a', '_a', 'a:b', 'x'.repeat(129), 'a=b'],
  ],
  [
    'rule id',
    parseRuleId,
    ['rule-4f9c21ab', 'rule-0001', `rule-${'x'.repeat(32)}`],
    ['4f9c21ab', 'rule-', 'rule-abc', 'rule-ABCD', `rule-${'x'.repeat(33)}`],
  ],
  [
    'flow id',
    parseFlowId,
    ['0123456789abcdef0123456789abcdef'],
    ['0123', '0123456789ABCDEF0123456789ABCDEF', '0'.repeat(33)],
  ],
  ['command id', parseCommandId, ['a', 'A:b.c_d-9', 'x'.repeat(128)], ['x'.repeat(129), 'a,b', 'a"b']],
  ['user name', parseUserName, ['ada', 'a', 'ada.l-9_x', label], ['Ada', '.ada', 'ada-', `${label}x`, 'ada@example']],
];

for (const [name, parse, accepted, bad] of tables) {
  describe(`a ${name}`, () => {
    for (const text of accepted) it(`may be ${shown(text)}`, () => expect(parse(text, 'field')).to.equal(text));
    for (const value of [...bad, ...NEVER, ...NOT_TEXT]) {
      it(`may not be ${shown(value)}`, () => refused(() => parse(value, 'field'), 'field'));
    }
  });
}

describe('a name as DNS has it, where one label of it is expected', () => {
  const rows: readonly (readonly [
    what: string,
    parse: (value: unknown, field: string) => unknown,
    given: string,
    meant: string,
  ])[] = [
    ['an alias', parseAliasName, 'api.dev.gstacks', 'api, for network dev'],
    ['an alias', parseAliasName, 'api.dev.gstacks.', 'api, for network dev'],
    ['a network', parseNetworkName, 'dev.gstacks', 'dev, for network dev'],
    ['a network', parseNetworkName, 'api.dev.gstacks', 'dev, for network dev'],
    ['a selector', parseSelector, 'web.dev.gstacks', 'web, for network dev'],
    ['a destination', parseDestinationName, 'api.dev.gstacks', 'api, for network dev'],
    ['a destination of a request', parseGivenDestination, 'api.dev.gstacks', 'api, for network dev'],
    ['a destination of a command', (text, field) => parseDestination(String(text), field), 'api.dev.gstacks:80', 'api'],
    ['a tested destination', (text, field) => parseTestDestination(String(text), field), 'api.dev.gstacks:80', 'api'],
  ];
  for (const [what, parse, given, meant] of rows) {
    it(`${what} ${given}: says to give ${meant}`, () => {
      expect(() => parse(given, 'field'))
        .to.throw(FullNameError)
        .with.property('remedy')
        .that.matches(new RegExp(`^give field as ${meant}`));
    });
  }

  it('is no agent: those have no names in DNS', () => refused(() => parseAgentId('a.dev.gstacks', 'field'), 'field'));
});

describe('an agent that asks for credentials', () => {
  for (const name of ['local', 'control-plane']) {
    it(`may not be called ${name}, whose inbox at the bus is not an agent's`, () =>
      refused(() => parseAgentName(name, 'name'), 'name', 'AGENT_NAME_RESERVED'));
  }
});

describe('an alias', () => {
  for (const word of ['local', 'any']) {
    it(`may not be ${word}, which is a selector`, () =>
      refused(() => parseAliasName(word, 'alias'), 'alias', 'ALIAS_RESERVED'));
  }

  it('has a full name that DNS can hold, however long', () => {
    const name = fullName(parseAliasName(label, 'alias'), parseNetworkName(label, 'network'));
    expect(name).to.equal(`${label}.${label}.gstacks`);
    expect(name.length).to.be.below(254);
  });
});

describe('a refusal', () => {
  it('quotes no more than a line of what was found, and nothing that a terminal would obey', () => {
    try {
      parseNetworkName(`\u001b[2J${'x'.repeat(10_000)}`, 'name');
      expect.fail('it was accepted');
    } catch (error) {
      const { message } = error as Error;
      expect(message.length).to.be.below(300);
      expect(message).not.to.contain('\u001b');
      expect(message).to.contain('\\u001b[2J');
    }
  });
});
