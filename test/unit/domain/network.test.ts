import {
  aliasRemoved,
  attached,
  created,
  detached,
  labelled,
  networkDeleted,
  placed,
  portsChanged,
  published,
  rule,
  ruleRemoved,
} from '#test/unit/topology/network-events.js';
import {
  addRule,
  attach,
  attachUnknown,
  create,
  detach,
  given,
  place,
  publish,
  relabel,
  remove,
  removeRule,
  unpublish,
} from './network-commands.js';

/** Two sandboxes; api is published by sbx-api, worker by nobody. */
const dev = [created(), attached('sbx-web', 'host-a', { tier: 'web' }), attached('sbx-api', 'host-b')];
const withApi = [...dev, published('api', 'sbx-api', 8080)];
const withRule = [...withApi, rule('0001', 'allow any -> api:8080')];

const port = (published: number, target = published) => ({ published, target });
const printed = (id: string, effect: string, from: string, to = 'api', at = 8080) => ({
  id: `rule-${id}`,
  effect,
  from,
  to,
  port: at,
});

describe('a network', () => {
  it('is created', () => {
    given()
      .when(create('dev'))
      .thenWritten([created('dev')], { networkId: '0a1b', name: 'dev' });
  });

  it('is not created twice, nor again after it was deleted', () => {
    given(...dev)
      .when(create())
      .thenRefused('conflict', 'NETWORK_EXISTS', 'dev');
    given(created(), networkDeleted).when(create()).thenRefused('conflict', 'NETWORK_EXISTS');
  });

  it('is deleted when nobody is attached, whatever rules are left', () => {
    given(created()).when(remove()).thenWritten([networkDeleted], { detached: [] });
    given(...withRule, aliasRemoved('api'), detached('sbx-api'), detached('sbx-web'))
      .when(remove())
      .thenWritten([networkDeleted], { detached: [] });
  });

  it('is not deleted while somebody is attached, who are named', () => {
    given(...dev)
      .when(remove())
      .thenRefused('conflict', 'NETWORK_NOT_EMPTY', 'sbx-api', 'sbx-web');
  });

  it('lets go of everybody first when told so: of each its aliases, then itself', () => {
    given(...withApi, published('rpc', 'sbx-api', 9090))
      .when(remove(true))
      .thenWritten(
        [aliasRemoved('api'), aliasRemoved('rpc'), detached('sbx-api'), detached('sbx-web'), networkDeleted],
        {
          detached: ['sbx-api', 'sbx-web'],
        },
      );
  });

  for (const command of [
    remove(),
    attach('sbx-web'),
    detach('sbx-web'),
    publish('sbx-web', 'web'),
    unpublish('api'),
    addRule('0001', 'allow', 'any', 'api', 8080),
    removeRule('0001'),
    place('sbx-web', 'host-a'),
    relabel('sbx-web', {}),
  ]) {
    it(`takes no ${command.kind} before it is created or after it was deleted`, () => {
      given().when(command).thenRefused('not-found', 'NETWORK_NOT_FOUND');
      given(...withRule, networkDeleted)
        .when(command)
        .thenRefused('not-found', 'NETWORK_NOT_FOUND', 'dev');
    });
  }
});

describe('attaching', () => {
  it('takes placement and labels from the sandbox as it is now', () => {
    given(created())
      .when(attach('sbx-web', { agent: 'host-a', labels: { tier: 'web' } }))
      .thenWritten([attached('sbx-web', 'host-a', { tier: 'web' })], { sandboxId: 'sbx-web', alias: null });
  });

  it('takes a sandbox that no agent holds now', () => {
    given(created())
      .when(attach('sbx-web'))
      .thenWritten([attached('sbx-web')], { sandboxId: 'sbx-web', alias: null });
  });

  it('publishes an alias in the same breath', () => {
    given(created())
      .when(attach('sbx-api', { agent: 'host-b', as: 'api', ports: ['80:8080', 9090] }))
      .thenWritten([attached('sbx-api', 'host-b'), published('api', 'sbx-api', '80:8080', 9090)], {
        sandboxId: 'sbx-api',
        alias: 'api',
      });
  });

  it('changes nothing for a sandbox that is attached, even if it moved meanwhile', () => {
    given(...dev)
      .when(attach('sbx-web', { agent: 'host-c' }))
      .thenWritten([], { sandboxId: 'sbx-web', alias: null });
  });

  it('publishes a further alias of a sandbox that is attached', () => {
    given(...dev)
      .when(attach('sbx-web', { as: 'web', ports: [80] }))
      .thenWritten([published('web', 'sbx-web', 80)], { sandboxId: 'sbx-web', alias: 'web' });
  });

  it('attaches nobody whose alias is refused', () => {
    given(...withApi)
      .when(attach('sbx-new', { as: 'api' }))
      .thenRefused('conflict', 'ALIAS_TAKEN', 'sbx-api');
  });

  it('refuses a sandbox that no agent has reported', () => {
    given(...dev)
      .when(attachUnknown('sbx-typo'))
      .thenRefused('not-found', 'SANDBOX_NOT_FOUND', 'sbx-typo');
  });

  it('stops at a thousand sandboxes', () => {
    const full = Array.from({ length: 1000 }, (_, index) => attached(`sbx-${index}`));
    given(created(), ...full)
      .when(attach('sbx-new'))
      .thenRefused('conflict', 'TOO_MANY_SANDBOXES', '1000');
    given(created(), ...full)
      .when(attach('sbx-0'))
      .thenWritten([], { sandboxId: 'sbx-0', alias: null });
    given(created(), ...full, detached('sbx-0'))
      .when(attach('sbx-new'))
      .thenWritten([attached('sbx-new')], { sandboxId: 'sbx-new', alias: null });
  });
});

describe('detaching', () => {
  it('removes the aliases first, and counts the rules that are left', () => {
    given(...withRule, published('rpc', 'sbx-api', 9090), rule('0002', 'allow rpc -> api:8080'))
      .when(detach('sbx-api'))
      .thenWritten([aliasRemoved('api'), aliasRemoved('rpc'), detached('sbx-api')], {
        sandboxId: 'sbx-api',
        aliasesRemoved: ['api', 'rpc'],
        rulesLeft: 2,
      });
  });

  it('leaves the aliases of others alone', () => {
    given(...withRule)
      .when(detach('sbx-web'))
      .thenWritten([detached('sbx-web')], { sandboxId: 'sbx-web', aliasesRemoved: [], rulesLeft: 0 });
  });

  it('refuses what is not attached', () => {
    given(...dev)
      .when(detach('sbx-typo'))
      .thenRefused('not-found', 'NOT_ATTACHED', 'sbx-typo', 'dev');
  });
});

describe('publishing an alias', () => {
  it('names a sandbox and its ports, in order', () => {
    given(...dev)
      .when(publish('sbx-api', 'api', [9090, '80:8080']))
      .thenWritten([published('api', 'sbx-api', '80:8080', 9090)], {
        alias: 'api',
        sandboxId: 'sbx-api',
        ports: [port(80, 8080), port(9090)],
      });
  });

  it('changes nothing when it is so already', () => {
    given(...withApi)
      .when(publish('sbx-api', 'api', [8080]))
      .thenWritten([], { alias: 'api', sandboxId: 'sbx-api', ports: [port(8080)] });
  });

  it('changes the ports of an alias of the same sandbox, and names rules that come to nothing by it', () => {
    given(...withRule)
      .when(publish('sbx-api', 'api', [9090]))
      .thenWritten([portsChanged('api', 9090)], { alias: 'api', sandboxId: 'sbx-api', ports: [port(9090)] }, [
        'PORT_NOT_PUBLISHED: rule-0001 names port 8080, which api does not publish',
      ]);
    given(...withApi)
      .when(publish('sbx-api', 'api', ['8080:80']))
      .thenWritten([portsChanged('api', '8080:80')], { alias: 'api', sandboxId: 'sbx-api', ports: [port(8080, 80)] });
  });

  it('refuses an alias that another sandbox publishes', () => {
    given(...withApi)
      .when(publish('sbx-web', 'api'))
      .thenRefused('conflict', 'ALIAS_TAKEN', 'api', 'sbx-api');
  });

  it('refuses a sandbox that is not attached', () => {
    given(...dev)
      .when(publish('sbx-typo', 'api'))
      .thenRefused('not-found', 'NOT_ATTACHED', 'sbx-typo');
  });

  it('never hands the rules of one sandbox to another unasked, whichever side they name it on', () => {
    given(...withRule, aliasRemoved('api'))
      .when(publish('sbx-web', 'api'))
      .thenRefused('conflict', 'ALIAS_HAS_RULES', 'rule-0001', 'sbx-api');
    given(...withApi, published('web', 'sbx-web', 80), rule('0007', 'allow web -> api:8080'), aliasRemoved('web'))
      .when(publish('sbx-api', 'web'))
      .thenRefused('conflict', 'ALIAS_HAS_RULES', 'rule-0007', 'sbx-web');
    given(...withRule, aliasRemoved('api'), detached('sbx-api'))
      .when(attach('sbx-new', { as: 'api' }))
      .thenRefused('conflict', 'ALIAS_HAS_RULES', 'rule-0001');
  });

  it('hands them over when asked', () => {
    given(...withRule, aliasRemoved('api'))
      .when(publish('sbx-web', 'api', [8080], true))
      .thenWritten([published('api', 'sbx-web', 8080)], { alias: 'api', sandboxId: 'sbx-web', ports: [port(8080)] }, [
        'RULES_APPLY: rules written before apply to api from now on: rule-0001',
      ]);
  });

  it('gives a sandbox its own rules back, and says so', () => {
    given(...withRule, aliasRemoved('api'))
      .when(publish('sbx-api', 'api'))
      .thenWritten([published('api', 'sbx-api', 8080)], { alias: 'api', sandboxId: 'sbx-api', ports: [port(8080)] }, [
        'RULES_APPLY: rules written before apply to api from now on: rule-0001',
      ]);
  });

  it('asks nobody once the rules are gone', () => {
    given(...withRule, aliasRemoved('api'), ruleRemoved('0001'))
      .when(publish('sbx-web', 'api'))
      .thenWritten([published('api', 'sbx-web', 8080)], { alias: 'api', sandboxId: 'sbx-web', ports: [port(8080)] });
  });

  it('lets a rule wait for a source that was never there', () => {
    given(...withApi, rule('0001', 'allow web -> api:8080'))
      .when(publish('sbx-web', 'web', [80]))
      .thenWritten([published('web', 'sbx-web', 80)], { alias: 'web', sandboxId: 'sbx-web', ports: [port(80)] }, [
        'RULES_APPLY: rules written before apply to web from now on: rule-0001',
      ]);
  });

  it('stops at a thousand aliases', () => {
    const full = Array.from({ length: 1000 }, (_, index) => published(`a-${index}`, 'sbx-api', 80));
    given(...dev, ...full)
      .when(publish('sbx-api', 'more'))
      .thenRefused('conflict', 'TOO_MANY_ALIASES', '1000');
    given(...dev, ...full)
      .when(publish('sbx-api', 'a-7', [80]))
      .thenWritten([], { alias: 'a-7', sandboxId: 'sbx-api', ports: [port(80)] });
  });
});

describe('removing an alias', () => {
  it('leaves the rules that name it, and counts them', () => {
    given(...withRule, rule('0002', 'deny api -> api:8080'))
      .when(unpublish('api'))
      .thenWritten([aliasRemoved('api')], { alias: 'api', rulesLeft: 2 });
    given(...withApi)
      .when(unpublish('api'))
      .thenWritten([aliasRemoved('api')], { alias: 'api', rulesLeft: 0 });
  });

  it('refuses an alias that is not there', () => {
    given(...dev)
      .when(unpublish('api'))
      .thenRefused('not-found', 'ALIAS_NOT_FOUND', 'api', 'dev');
  });
});

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
        'RULE_EXISTS: rule-0001 says the same already; nothing was written',
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

  it('stops at five thousand rules', () => {
    const full = Array.from({ length: 5000 }, (_, index) =>
      rule(String(10_000 + index), `allow any -> api:${index + 1}`),
    );
    given(...withApi, ...full)
      .when(addRule('0001', 'deny', 'any', 'api', 8080))
      .thenRefused('conflict', 'TOO_MANY_RULES', '5000');
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
      ['PORT_NOT_PUBLISHED: api does not publish port 9 now, only 8080'],
    ],
    [
      'a sandbox not attached',
      [],
      'allow sandbox:sbx-typo -> api:8080',
      ['SOURCE_STANDS_FOR_NOBODY: sandbox sbx-typo is not attached to dev now'],
    ],
    ['an alias not there', [], 'deny web -> api:8080', ['SOURCE_STANDS_FOR_NOBODY: dev has no alias web now']],
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
      ['OVERRIDDEN_BY_DENY: rule-1000 denies any, and so all that this rule allows'],
    ],
    [
      'a deny of everybody',
      ['deny any -> api:8080'],
      'allow sandbox:sbx-web -> api:8080',
      ['OVERRIDDEN_BY_DENY: rule-1000 denies any, and so all that this rule allows'],
    ],
    [
      'a deny of the one who has the label',
      ['deny sandbox:sbx-web -> api:8080'],
      'allow label:tier=web -> api:8080',
      ['OVERRIDDEN_BY_DENY: rule-1000 denies sandbox:sbx-web, and so all that this rule allows'],
    ],
    [
      'a deny of all local users',
      ['deny local -> api:8080'],
      'allow local:ada -> api:8080',
      ['OVERRIDDEN_BY_DENY: rule-1000 denies local, and so all that this rule allows'],
    ],
    [
      'a deny of one of many',
      ['deny sandbox:sbx-web -> api:8080'],
      'allow any -> api:8080',
      ['PARTLY_OVERRIDDEN_BY_DENY: rule-1000 goes on denying sandbox:sbx-web'],
    ],
    [
      'a deny of one local user',
      ['deny local:bob -> api:8080'],
      'allow local -> api:8080',
      ['PARTLY_OVERRIDDEN_BY_DENY: rule-1000 goes on denying local:bob'],
    ],
    ['no deny of others', ['deny any -> api:8080', 'deny local:bob -> api:8080'], 'allow local:ada -> api:8080', []],
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
});

describe('removing a rule', () => {
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

describe('what is copied from a sandbox', () => {
  it('is written when it differs', () => {
    given(...dev)
      .when(place('sbx-web', 'host-b'))
      .thenWritten([placed('sbx-web', 'host-b')], null);
    given(...dev)
      .when(place('sbx-web', null))
      .thenWritten([placed('sbx-web', null)], null);
    given(...dev)
      .when(relabel('sbx-web', { tier: 'db' }))
      .thenWritten([labelled('sbx-web', { tier: 'db' })], null);
  });

  it('is nothing new when it is so already, or the sandbox is not attached any more', () => {
    given(...dev)
      .when(place('sbx-web', 'host-a'))
      .thenWritten([], null);
    given(...dev)
      .when(relabel('sbx-web', { tier: 'web' }))
      .thenWritten([], null);
    given(...dev, detached('sbx-web'))
      .when(place('sbx-web', 'host-b'))
      .thenWritten([], null);
    given(...dev, detached('sbx-web'))
      .when(relabel('sbx-web', {}))
      .thenWritten([], null);
  });
});
