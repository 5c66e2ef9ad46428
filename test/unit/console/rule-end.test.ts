import { expect } from 'chai';
import { parseRuleEnd, ruleEndOf } from '#apps/console/policy/rule-end.js';

describe("the field of a rule's end", () => {
  const rows = [
    ['', {}, []],
    ['2h', { forSeconds: 7_200 }, ['--for', '2h']],
    ['90s', { forSeconds: 90 }, ['--for', '90s']],
    ['2036-01-31T18:00:00Z', { until: '2036-01-31T18:00:00Z' }, ['--until', '2036-01-31T18:00:00Z']],
  ] as const;
  for (const [text, body, words] of rows) {
    it(`is sent as it would be typed: ${text === '' ? 'nothing' : text}`, () => {
      expect(ruleEndOf(text)).to.deep.include({ body, words });
    });
  }

  for (const text of ['tomorrow', '5', '0s', '400d', '2036-01-31', '-1h']) {
    it(`says what it takes instead of ${text}`, () => {
      expect(ruleEndOf(text)).to.equal(null);
      expect(() => parseRuleEnd(text)).to.throw(/how long, such as 30m, 2h or 7d, or a time such as/);
    });
  }
});
