import { egressRule, egressRuleExpired, rule, ruleExpired } from '#test/unit/policy/network-events.js';
import { addEgressRule, addRule, expireRules, given, NOW } from './network-commands.js';
import { printed, withApi } from './network-fixtures.js';

const [SOON, LATER] = ['2026-01-31T12:00:00.000Z', '2026-01-31T14:00:00.000Z'];
const allowed = (until: string | null) => addRule('0002', 'allow', 'any', 'api', 8080, { until });
const ends = (id: string, until: string) => ({ ...printed(id, 'allow', 'any'), until });

describe('a rule that ends', () => {
  it('is written with its end', () => {
    given(...withApi)
      .when(allowed(SOON))
      .thenWritten([rule('0002', `allow any -> api:8080 until ${SOON}`)], ends('0002', SOON));
  });

  it('may end 366 days from now, and no later', () => {
    const last = '2027-02-01T10:00:00.000Z';
    given(...withApi)
      .when(allowed(last))
      .thenWritten([rule('0002', `allow any -> api:8080 until ${last}`)], ends('0002', last));
  });

  for (const [what, until] of [
    ['now', NOW.toISOString()],
    ['past', '2026-01-31T09:59:59.999Z'],
    ['more than 366 days away', '2027-02-01T10:00:00.001Z'],
  ] as const) {
    it(`is refused when its end is ${what}, inside and outside`, () => {
      const words = [until, NOW.toISOString(), '366 days', '--for'];
      given(...withApi)
        .when(allowed(until))
        .thenRefused('invalid', 'RULE_END_INVALID', ...words);
      given(...withApi)
        .when(addEgressRule('0002', 'allow', 'any', 'example.com', { until }))
        .thenRefused('invalid', 'RULE_END_INVALID', ...words);
    });
  }

  it('is there already with the same end alone', () => {
    given(...withApi, rule('0001', `allow any -> api:8080 until ${SOON}`))
      .when(allowed(SOON))
      .thenWritten([], ends('0001', SOON), ['RULE_EXISTS: rule-0001 is the same rule; nothing was written']);
  });

  it('is extended by another rule, whose author is told of the first', () => {
    for (const until of [LATER, null]) {
      const text = until === null ? '' : ` until ${until}`;
      given(...withApi, rule('0001', `allow any -> api:8080 until ${SOON}`))
        .when(allowed(until))
        .thenWritten(
          [rule('0002', `allow any -> api:8080${text}`)],
          until === null ? printed('0002', 'allow', 'any') : ends('0002', until),
          [`EXTENDS_RULE: rule-0001 still ends at ${SOON}; from then on this rule alone allows it`],
        );
    }
  });

  it('is no other rule for longer when that is for another source', () => {
    given(...withApi, rule('0001', `allow local -> api:8080 until ${SOON}`))
      .when(allowed(LATER))
      .thenWritten([rule('0002', `allow any -> api:8080 until ${LATER}`)], ends('0002', LATER));
  });

  it('is written with a warning when another lets the same through for longer', () => {
    for (const [other, said] of [
      ['', 'without an end'],
      [` until ${LATER}`, `until ${LATER}`],
    ] as const) {
      given(...withApi, rule('0001', `allow any -> api:8080${other}`))
        .when(addRule('0002', 'allow', 'label:tier=web', 'api', 8080, { until: SOON }))
        .thenWritten(
          [rule('0002', `allow label:tier=web -> api:8080 until ${SOON}`)],
          { ...printed('0002', 'allow', 'label:tier=web'), until: SOON },
          [`ALLOWED_LONGER: rule-0001 allows the same ${said}`],
        );
    }
  });

  it('has ended once its time is over, and not before, with all others that are over', () => {
    const rules = [
      rule('0001', `allow any -> api:8080 until ${SOON}`),
      egressRule('0002', `deny any -> example.com:443 until ${SOON}`),
      rule('0003', 'allow any -> api:9090'),
      rule('0004', `deny any -> api:9090 until ${LATER}`),
    ];
    const at = (now: string) => given(...withApi, ...rules).when(expireRules(now));
    at('2026-01-31T11:59:59.999Z').thenWritten([], null);
    at(SOON).thenWritten([ruleExpired('0001', SOON), egressRuleExpired('0002', SOON)], null);
    at(LATER).thenWritten(
      [ruleExpired('0001', SOON), egressRuleExpired('0002', SOON), ruleExpired('0004', LATER)],
      null,
    );
    given(...withApi, ...rules, ruleExpired('0001', SOON), egressRuleExpired('0002', SOON))
      .when(expireRules(SOON))
      .thenWritten([], null);
  });
});
