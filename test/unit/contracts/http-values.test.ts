import { expect } from 'chai';
import fc from 'fast-check';
import { formatCursor, parseCursor } from '#libs/contracts/http/page.js';
import { wordOf } from '#libs/contracts/json-fields.js';
import {
  ModeUnavailableError,
  parseDurationSeconds,
  parseMode,
  secondsToWait,
} from '#libs/contracts/network-settings.js';
import { parseRuleLifetime } from '#libs/contracts/rule-ends.js';
import {
  boundedText,
  parseBoolean,
  parseLabelFilter,
  parseLabelKeys,
  parseLabels,
  parsePortList,
  parseSelectorText,
  wholeNumber,
} from '#libs/contracts/values.js';
import { refused, shown } from './refused.js';

describe('values of a request', () => {
  const labels33 = Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`k${index}`, 'v']));
  const rows: readonly (readonly [
    what: string,
    parse: (value: unknown, field: string) => unknown,
    accepted: readonly (readonly [value: unknown, parsed: unknown])[],
    refused: readonly unknown[],
  ])[] = [
    [
      'a duration',
      parseDurationSeconds,
      [
        [60, 60],
        ['90s', 90],
        ['30m', 1800],
        ['24h', 86_400],
        ['30d', 2_592_000],
      ],
      [
        '',
        '0',
        '60',
        '3600',
        59,
        90.5,
        '59s',
        '31d',
        '2592001',
        '-1h',
        '1.5h',
        '1h30m',
        '1w',
        '24 h',
        ' 24h',
        'forever',
        null,
        undefined,
        {},
        ['90s'],
        true,
        Number.NaN,
      ],
    ],
    [
      'the time that a rule lasts',
      parseRuleLifetime,
      [
        [5, 5],
        ['5s', 5],
        ['366d', 31_622_400],
      ],
      ['5', '0s', '367d', '05s', 0, '5 s', '1e3'],
    ],
    [
      'a time to wait',
      secondsToWait(0, 600),
      [
        ['0', 0],
        ['30', 30],
        ['30s', 30],
        ['2m', 120],
        ['10m', 600],
      ],
      ['601', '11m', '1h', '-1', '1.5', '030', '', 'soon'],
    ],
    [
      'a mode',
      parseMode,
      [['agent_proxy', 'agent_proxy']],
      ['', 'AGENT_PROXY', 'bridge', null, undefined, 1, ['agent_proxy']],
    ],
    [
      'a whole number',
      wholeNumber(1, 500),
      [
        [1, 1],
        ['1', 1],
        ['500', 500],
      ],
      ['0', 0, '501', 501, '', '01', '1.0', 1.5, '-1', '1e2', ' 1', null, undefined, [], [1], true],
    ],
    [
      'a boolean',
      parseBoolean,
      [
        [true, true],
        ['true', true],
        [false, false],
        ['false', false],
      ],
      ['', 'yes', '1', 1, 0, null, undefined, 'TRUE', ['true']],
    ],
    [
      'one of some words',
      wordOf(['allow', 'deny']),
      [['allow', 'allow']],
      ['', 'ALLOW', 'allow ', 'audit', null, 0, ['allow'], 'constructor'],
    ],
    [
      'a selector',
      parseSelectorText,
      [
        ['any', 'any'],
        ['label:a=b', 'label:a=b'],
      ],
      ['', 'any:x', null, {}],
    ],
    [
      'a list of ports',
      parsePortList,
      [
        [
          [8080, '80:81'],
          [
            { published: 80, target: 81 },
            { published: 8080, target: 8080 },
          ],
        ],
      ],
      [[], '8080', 8080, [0], ['53/tcpx'], [80, 80], null, undefined, { length: 1, 0: 80 }],
    ],
    [
      'labels',
      parseLabels,
      [
        [{}, {}],
        [
          { tier: 'web', constructor: 'x' },
          { tier: 'web', constructor: 'x' },
        ],
      ],
      [
        null,
        [],
        'tier=web',
        { Tier: 'web' },
        { tier: '' },
        { tier: 1 },
        { tier: null },
        { '': 'x' },
        JSON.parse('{"__proto__":"x"}'),
        labels33,
      ],
    ],
    [
      'keys of labels',
      parseLabelKeys,
      [
        [['tier'], ['tier']],
        [[], []],
      ],
      [null, 'tier', [''], [1], ['Tier'], Object.keys(labels33)],
    ],
    [
      'a filter by label',
      parseLabelFilter,
      [
        ['tier', { key: 'tier', value: null }],
        ['tier=web', { key: 'tier', value: 'web' }],
      ],
      ['', '=', 'tier=', '=web', 'tier=a=b', 'Tier', null, {}],
    ],
    [
      'text within bounds',
      boundedText(2, 3, 'two or three characters'),
      [
        ['ab', 'ab'],
        ['abc', 'abc'],
      ],
      ['a', 'abcd', null, 12],
    ],
    [
      'a cursor',
      parseCursor,
      [[formatCursor({ after: 'x' }), { after: 'x' }]],
      ['', 'x', 'bnVsbA', 'WzIsIngiXQ', 'WzEsMl0', '!', null, 'a'.repeat(513)],
    ],
  ];
  for (const [what, parse, accepted, bad] of rows) {
    for (const [value, parsed] of accepted) {
      it(`${what} may be ${shown(value)}`, () => expect(parse(value, 'field')).to.deep.equal(parsed));
    }
    const code = what === 'a cursor' ? 'INVALID_CURSOR' : undefined;
    for (const value of bad) {
      it(`${what} may not be ${shown(value)}`, () => {
        if (what === 'a list of ports' || what === 'labels') refusedWithin(() => parse(value, 'field'));
        else refused(() => parse(value, 'field'), 'field', code);
      });
    }
  }

  it('the mode routed_mesh is known, and refused as not available', () => {
    expect(() => parseMode('routed_mesh', 'mode'))
      .to.throw(ModeUnavailableError)
      .with.property('code', 'MODE_UNAVAILABLE');
  });

  it('a refused text is not repeated, for it may be a secret', () => {
    expect(() => boundedText(2, 3, 'a token')('hunter2', 'token'))
      .to.throw()
      .with.property('message')
      .that.does.not.contain('hunter2');
  });

  it('a cursor comes back as it went out', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_.-]{1,128}$/), (after) => {
        expect(parseCursor(formatCursor({ after }), 'cursor')).to.deep.equal({ after });
      }),
    );
  });
});

/** The named field is the inner one, such as `field.tier`. */
function refusedWithin(parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    const { field } = error as { readonly field: string };
    expect(field.startsWith('field')).to.equal(true);
    return;
  }
  expect.fail('it was accepted');
}
