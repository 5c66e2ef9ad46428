import { expect } from 'chai';
import { parseAliasName } from '#libs/contracts/ids.js';
import { EventUnknownError, eventOf, foldStored } from '#libs/domain/aggregate.js';
import { storedEvent } from '#libs/domain/aggregates.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import { rulesNaming } from '#libs/domain/network/rules-naming.js';
import {
  egressRule,
  egressRuleRemoved,
  portsChanged,
  published,
  rule,
  topologyOf,
} from '#test/unit/policy/network-events.js';
import { addEgressRule, addRule, carriedOut, given, publish } from './network-commands.js';
import { port, withApi } from './network-fixtures.js';

const two = [...withApi, published('web', 'sbx-web', 8080, 9090)];

describe('a rule that is nearly another one', () => {
  // If it counted as a repeat, it would not be written, and its author would be told that it is in force.
  for (const [what, from, to, at, effect] of [
    ['another source', 'sandbox:sbx-web', 'web', 8080, 'allow'],
    ['another alias', 'any', 'api', 8080, 'allow'],
    ['another port', 'any', 'web', 9090, 'allow'],
    ['another effect', 'any', 'web', 8080, 'deny'],
  ] as const) {
    it(`is written when it has ${what}`, () => {
      const { events } = carriedOut(
        [...two, rule('0001', 'allow any -> web:8080')],
        addRule('0002', effect, from, to, at),
      );
      expect(events).to.deep.equal([rule('0002', `${effect} ${from} -> ${to}:${at}`)]);
    });
  }

  for (const [what, text] of [
    ['another source', 'allow sandbox:sbx-web -> example.com:443'],
    ['another name', 'allow any -> example.org:443'],
    ['another port', 'allow any -> example.com:80'],
    ['another effect', 'deny any -> example.com:443'],
  ] as const) {
    it(`about a name outside is written when it has ${what}`, () => {
      const [effect = '', from = '', , target = ''] = text.split(' ');
      const [name = '', at = ''] = target.split(':');
      const { events } = carriedOut(
        [...two, egressRule('0001', 'allow any -> example.com:443')],
        addEgressRule('0002', effect === 'deny' ? 'deny' : 'allow', from, name, { port: Number(at) }),
      );
      expect(events).to.deep.equal([egressRule('0002', text)]);
    });
  }
});

describe('the warning of a rule about a name outside', () => {
  const warned = (text: string, id = '0001'): string =>
    carriedOut(
      [...two, egressRule('0000', text)],
      addEgressRule(id, 'allow', 'api', 'a.example.com', { via: 'host-b' }),
    )
      .warnings.map(({ code }) => code)
      .join();

  for (const [text, expected] of [
    ['allow any -> *.example.com:443 via host-c', 'ANOTHER_EXIT'],
    ['allow any -> *.example.com:443', 'ANOTHER_EXIT'],
    ['allow any -> *.example.com:443 via host-b', ''],
    ['allow any -> *.example.com:80 via host-c', ''],
    ['allow any -> *.example.org:443 via host-c', ''],
    ['allow web -> *.example.com:443 via host-c', ''],
    ['deny any -> *.example.com:443', 'OVERRIDDEN_BY_DENY'],
    ['deny any -> *.example.com:80', ''],
    ['deny any -> *.example.org:443', ''],
    ['deny web -> *.example.com:443', ''],
  ] as const) {
    it(`beside ${text}: ${expected || 'none'}`, () => expect(warned(text)).to.equal(expected));
  }

  it('is not given to a deny, which has no exit', () => {
    const events = [...two, egressRule('0000', 'allow any -> *.example.com:443 via host-c')];
    expect(carriedOut(events, addEgressRule('0001', 'deny', 'any', 'a.example.com')).warnings).to.deep.equal([]);
  });

  it('lists ten at most, by id', () => {
    const denies = Array.from({ length: 12 }, (_, index) =>
      egressRule(String(2_011 - index), `deny any -> *.example.com:443`),
    );
    const { warnings } = carriedOut([...two, ...denies], addEgressRule('0001', 'allow', 'api', 'a.example.com'));
    expect(warnings.map(({ message }) => message.slice(0, 9))).to.deep.equal(
      Array.from({ length: 10 }, (_, index) => `rule-${2_000 + index}`),
    );
  });
});

describe('the warning of an allow', () => {
  for (const [text, expected] of [
    ['deny any -> web:8080', 'OVERRIDDEN_BY_DENY'],
    ['deny any -> api:8080', ''],
    ['deny any -> web:9090', ''],
    ['allow any -> web:9090', ''],
  ] as const) {
    it(`beside ${text}: ${expected || 'none'}`, () => {
      const events = [...two, rule('0000', text)];
      const { warnings } = carriedOut(events, addRule('0001', 'allow', 'api', 'web', 8080));
      expect(warnings.map(({ code }) => code).join()).to.equal(expected);
    });
  }

  it('is not given to a deny that another one covers', () => {
    const events = [...two, rule('0000', 'deny any -> web:8080')];
    expect(carriedOut(events, addRule('0001', 'deny', 'api', 'web', 8080)).warnings).to.deep.equal([]);
  });
});

describe('ports that are nearly the same', () => {
  for (const [what, before, after] of [
    ['one is published elsewhere', [80, 81], [80, 82]],
    ['one leads elsewhere', ['80:8080', 81], ['80:8081', 81]],
    ['one more', [80], [80, 81]],
    ['one less', [80, 81], [80]],
  ] as const) {
    it(`are written: ${what}`, () => {
      const events = [...withApi, published('web', 'sbx-web', ...before)];
      expect(carriedOut(events, publish('sbx-web', 'web', after, { replacePorts: true })).events).to.deep.equal([
        portsChanged('web', ...after),
      ]);
    });
  }

  it('are thirty-two at most', () => {
    const ports = (count: number) => Array.from({ length: count }, (_, index) => 1_000 + index);
    const events = [...withApi, published('web', 'sbx-web', ...ports(31))];
    expect(carriedOut(events, publish('sbx-web', 'web', [80])).events).to.have.length(1);
    given(...withApi, published('web', 'sbx-web', ...ports(32)))
      .when(publish('sbx-web', 'web', [80]))
      .thenRefused('conflict', 'TOO_MANY_PORTS');
  });

  it('are the same in whatever order', () => {
    given(...withApi, published('web', 'sbx-web', 80, 8080, 9090))
      .when(publish('sbx-web', 'web', [9090, 80, 8080]))
      .thenWritten([], { alias: 'web', sandboxId: 'sbx-web', ports: [port(80), port(8080), port(9090)] });
  });
});

describe('the stream of a network', () => {
  it('keeps no egress rule that was removed, and every other', () => {
    const { egressRules } = topologyOf(
      ...withApi,
      egressRule('0001', 'allow any -> example.com:443'),
      egressRule('0002', 'allow any -> example.org:443'),
      egressRuleRemoved('0001'),
    );
    expect([...egressRules.keys()]).to.deep.equal(['rule-0002']);
  });

  it('knows the rules that name an alias, as source or as target, and no others', () => {
    const network = topologyOf(
      ...two,
      rule('0004', 'allow web -> api:9090'),
      rule('0003', 'allow web -> api:8080'),
      rule('0002', 'allow any -> web:8080'),
      rule('0001', 'allow api -> api:8080'),
    );
    expect(rulesNaming(network, new Set([parseAliasName('web', 'alias')]))).to.deep.equal([
      'rule-0002',
      'rule-0003',
      'rule-0004',
    ]);
  });

  it('is not read past an event that this release does not know, nor one of a later version', () => {
    const known = storedEvent(published('web', 'sbx-web', 80));
    expect(eventOf(NETWORK, known)).to.deep.equal(published('web', 'sbx-web', 80));
    for (const unknown of [
      { ...known, type: 'Unheard' },
      { ...known, type: 'toString' },
      { ...known, schemaVersion: known.schemaVersion + 1 },
    ]) {
      expect(() => eventOf(NETWORK, unknown)).to.throw(EventUnknownError);
      expect(() => foldStored(NETWORK, null, [unknown])).to.throw(EventUnknownError);
    }
  });
});
