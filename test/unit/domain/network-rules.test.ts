import { expect } from 'chai';
import { aliasRemoved, attached, published, rule, ruleRemoved } from '#test/unit/policy/network-events.js';
import { addRule, addRules, decided, given, removeRule } from './network-commands.js';
import { dev, printed, withApi, withRule } from './network-fixtures.js';

describe('adding a rule', () => {
  it('writes it with its selector in printed form', () => {
    given(...withApi)
      .when(addRule('0001', 'allow', 'label:tier=web', 'api', 8080))
      .thenWritten([rule('0001', 'allow label:tier=web -> api:8080')], printed('0001', 'allow', 'label:tier=web'));
  });

  it('names the rule that says the same already', () => {
    given(...withRule)
      .when(addRule('0002', 'allow', 'any', 'api', 8080))
      .thenWritten([], printed('0001', 'allow', 'any'), [
        'RULE_EXISTS: rule-0001 is the same rule; nothing was written',
      ]);
  });

  it('takes the opposite rule beside it', () => {
    given(...withRule)
      .when(addRule('0002', 'deny', 'any', 'api', 8080))
      .thenWritten([rule('0002', 'deny any -> api:8080')], printed('0002', 'deny', 'any'));
  });

  it('refuses an alias that is not there', () => {
    given(...dev)
      .when(addRule('0001', 'allow', 'any', 'api', 8080))
      .thenRefused('not-found', 'ALIAS_NOT_FOUND', 'api');
    given(...withRule, aliasRemoved('api'))
      .when(addRule('0002', 'allow', 'any', 'api', 8080))
      .thenRefused('not-found', 'ALIAS_NOT_FOUND', 'api');
  });

  it('refuses an id that is taken', () => {
    given(...withRule)
      .when(addRule('0001', 'deny', 'any', 'api', 8080))
      .thenRefused('conflict', 'RULE_ID_TAKEN');
  });

  it('refuses the id of a sandbox where an alias would stand, and says how it is written', () => {
    for (const effect of ['allow', 'deny'] as const) {
      given(...withApi)
        .when(addRule('0001', effect, 'sbx-web', 'api', 8080, { meant: 'sbx-web' }))
        .thenRefused('invalid', 'SOURCE_IS_SANDBOX', 'no alias sbx-web', 'sandbox:sbx-web', '--force');
    }
    given(...withApi, published('sbx-web', 'sbx-web', 80))
      .when(addRule('0001', 'allow', 'sbx-web', 'api', 8080, { meant: 'sbx-web' }))
      .thenWritten([rule('0001', 'allow sbx-web -> api:8080')], printed('0001', 'allow', 'sbx-web'));
  });

  it('stops at ten thousand rules', () => {
    const full = Array.from({ length: 10_000 }, (_, index) =>
      rule(String(10_000 + index), `allow any -> api:${index + 1}`),
    );
    given(...withApi, ...full)
      .when(addRule('0001', 'deny', 'any', 'api', 8080))
      .thenRefused('conflict', 'TOO_MANY_RULES', '10000');
  });

  const warned: readonly (readonly [
    why: string,
    before: readonly string[],
    rule: string,
    warnings: readonly string[],
  ])[] = [
    [
      'a port not published',
      [],
      'allow any -> api:9',
      ['PORT_NOT_PUBLISHED: api does not publish port 9 at present, only 8080'],
    ],
    [
      'a sandbox not attached',
      [],
      'allow sandbox:sbx-typo -> api:8080',
      ['SOURCE_STANDS_FOR_NOBODY: sandbox sbx-typo is not attached to dev now'],
    ],
    [
      'an alias not there',
      [],
      'deny web -> api:8080',
      ['SOURCE_STANDS_FOR_NOBODY: dev has no alias web now; for a sandbox with that id, write sandbox:web'],
    ],
    [
      'a label nobody has',
      [],
      'allow label:tier=db -> api:8080',
      ['SOURCE_STANDS_FOR_NOBODY: no attached sandbox of dev has label:tier=db now'],
    ],
    ['nothing', [], 'allow local:ada -> api:8080', []],
    [
      'a deny of the same',
      ['deny any -> api:8080'],
      'allow any -> api:8080',
      ['OVERRIDDEN_BY_DENY: rule-1000 denies any, so this rule has no effect'],
    ],
    [
      'a deny of everybody',
      ['deny any -> api:8080'],
      'allow sandbox:sbx-web -> api:8080',
      ['OVERRIDDEN_BY_DENY: rule-1000 denies any, so this rule has no effect'],
    ],
    [
      'a deny of the one who has the label',
      ['deny sandbox:sbx-web -> api:8080'],
      'allow label:tier=web -> api:8080',
      ['OVERRIDDEN_BY_DENY: rule-1000 denies sandbox:sbx-web, so this rule has no effect'],
    ],
    [
      'a deny of all local users',
      ['deny local -> api:8080'],
      'allow local:ada -> api:8080',
      ['OVERRIDDEN_BY_DENY: rule-1000 denies local, so this rule has no effect'],
    ],
    [
      'a deny of one of many',
      ['deny sandbox:sbx-web -> api:8080'],
      'allow any -> api:8080',
      ['PARTLY_OVERRIDDEN_BY_DENY: rule-1000 still denies sandbox:sbx-web'],
    ],
    [
      'a deny of one local user',
      ['deny local:bob -> api:8080'],
      'allow local -> api:8080',
      ['PARTLY_OVERRIDDEN_BY_DENY: rule-1000 still denies local:bob'],
    ],
    ['no deny of others', ['deny any -> api:8080', 'deny local:bob -> api:8080'], 'allow local:ada -> api:8080', []],
    ['no deny of sandboxes', ['deny any -> api:8080'], 'allow local -> api:8080', []],
    ['no deny on another port', ['deny any -> api:80'], 'allow any -> api:8080', []],
    ['no allow for a deny', ['allow any -> api:8080'], 'deny sandbox:sbx-web -> api:8080', []],
  ];
  for (const [why, before, text, warnings] of warned) {
    it(`is warned of ${why}: ${[...before, text].join(', ')}`, () => {
      const [, effect, from = '', to = '', at] = /^(allow|deny) (\S+) -> (\S+):(\d+)$/.exec(text) ?? [];
      given(...withApi, ...before.map((rules, index) => rule(String(1000 + index), rules)))
        .when(addRule('0001', effect === 'allow' ? 'allow' : 'deny', from, to, Number(at)))
        .thenWritten([rule('0001', text)], printed('0001', effect ?? '', from, to, Number(at)), warnings);
    });
  }

  it('is warned of a deny that takes one of those that it stands for now', () => {
    given(...withApi, attached('sbx-two', 'host-a', { tier: 'web' }), rule('1000', 'deny sandbox:sbx-web -> api:8080'))
      .when(addRule('0001', 'allow', 'label:tier=web', 'api', 8080))
      .thenWritten([rule('0001', 'allow label:tier=web -> api:8080')], printed('0001', 'allow', 'label:tier=web'), [
        'PARTLY_OVERRIDDEN_BY_DENY: rule-1000 still denies sandbox:sbx-web',
      ]);
  });
});

describe('adding several rules at once', () => {
  const allowed = (text: string) => {
    const [id = '', from = ''] = text.split(' ');
    return rule(id, `allow ${from} -> api:8080`);
  };
  const four = ['0001 any api 8080', '0002 any api 9090', '0003 local api 8080', '0004 local api 9090'];

  it('writes all of them, and tells which were there already', () => {
    given(...withRule)
      .when(
        addRules(
          'allow',
          four.map((text) => text.replace('000', '010')),
        ),
      )
      .thenWritten(
        [
          rule('0102', 'allow any -> api:9090'),
          rule('0103', 'allow local -> api:8080'),
          rule('0104', 'allow local -> api:9090'),
        ],
        [
          { rule: printed('0001', 'allow', 'any'), added: false },
          { rule: { ...printed('0102', 'allow', 'any'), port: 9090 }, added: true },
          { rule: printed('0103', 'allow', 'local'), added: true },
          { rule: { ...printed('0104', 'allow', 'local'), port: 9090 }, added: true },
        ],
        [
          'RULE_EXISTS: rule-0001 is the same rule; nothing was written',
          'PORT_NOT_PUBLISHED: api does not publish port 9090 at present, only 8080',
        ],
      );
  });

  it('writes none when one of them is refused', () => {
    given(...withApi)
      .when(addRules('allow', [...four, '0005 any nobody 8080']))
      .thenRefused('not-found', 'ALIAS_NOT_FOUND', 'nobody');
  });

  it('writes a rule that is given twice once', () => {
    given(...withApi)
      .when(addRules('deny', ['0001 any api 8080', '0002 any api 8080']))
      .thenWritten(
        [rule('0001', 'deny any -> api:8080')],
        [
          { rule: printed('0001', 'deny', 'any'), added: true },
          { rule: printed('0001', 'deny', 'any'), added: false },
        ],
        ['RULE_EXISTS: rule-0001 is the same rule; nothing was written'],
      );
  });

  it('says since which version all of them are there, and not while one is written', () => {
    const there = [...withApi, ...['0001 any', '0002 local', '0003 web'].map((text) => allowed(text))];
    const second = withApi.length + 2;
    const rows: readonly (readonly [texts: readonly string[], unchangedSince: number | null])[] = [
      [['0101 local api 8080', '0102 any api 8080'], second],
      [['0101 any api 8080', '0102 local api 8080'], second],
      [['0101 any api 8080', '0102 any api 8081'], null],
    ];
    for (const [texts, unchangedSince] of rows) {
      expect(decided(there, addRules('allow', texts))).to.include({ unchangedSince });
    }
  });

  it('stops at ten thousand rules, and then writes none of them', () => {
    const full = Array.from({ length: 9998 }, (_, index) =>
      rule(String(10_000 + index), `allow any -> api:${index + 1}`),
    );
    given(...withApi, ...full)
      .when(addRules('deny', ['0001 any api 1', '0002 any api 2', '0003 any api 3']))
      .thenRefused('conflict', 'TOO_MANY_RULES', '10000');
  });
});

describe('removing a rule', () => {
  const alike = [...withApi, rule('00a1b2', 'deny local -> api:8080'), rule('00a1', 'allow any -> api:8080')];

  it('takes the first characters of its id, when they are of no other', () => {
    given(...alike)
      .when(removeRule('00a1b'))
      .thenWritten([ruleRemoved('00a1b2')], printed('00a1b2', 'deny', 'local'));
  });

  it('takes a whole id, though another one begins with it', () => {
    given(...alike)
      .when(removeRule('00a1'))
      .thenWritten([ruleRemoved('00a1')], printed('00a1', 'allow', 'any'));
  });

  it('refuses what several begin with, and names them', () => {
    given(...alike)
      .when(removeRule('00'))
      .thenRefused(
        'conflict',
        'RULE_AMBIGUOUS',
        '2 rules begin with rule-00: rule-00a1, rule-00a1b2',
        'more characters',
      );
  });

  it('says what it was', () => {
    given(...withRule)
      .when(removeRule('0001'))
      .thenWritten([ruleRemoved('0001')], printed('0001', 'allow', 'any'));
  });

  it('refuses a rule that is not there', () => {
    given(...withApi)
      .when(removeRule('0001'))
      .thenRefused('not-found', 'RULE_NOT_FOUND', 'rule-0001', 'dev');
  });
});
