import { expect } from 'chai';
import { momentOf, timeOf } from '#libs/contracts/moment-texts.js';

const NOW = Date.parse('2026-01-31T12:00:00.000Z');

describe('moments on the command line', () => {
  it('are versions, times, and how long ago', () => {
    for (const [text, moment] of [
      ['14', '14'],
      ['2026-01-31T10:00:00Z', '2026-01-31T10:00:00Z'],
      ['2026-01-31T10:00:00+02:00', '2026-01-31T10:00:00+02:00'],
      ['90s', '2026-01-31T11:58:30.000Z'],
      ['30m', '2026-01-31T11:30:00.000Z'],
      ['2h', '2026-01-31T10:00:00.000Z'],
      ['7d', '2026-01-24T12:00:00.000Z'],
    ] as const) {
      expect(momentOf(text, '--at', NOW), text).to.equal(moment);
    }
  });

  it('are times alone where a version means nothing', () => {
    expect(timeOf('2h', '--since', NOW)).to.equal('2026-01-31T10:00:00.000Z');
    expect(() => timeOf('14', '--since', NOW)).to.throw('a time such as 2026-01-31T10:00:00Z, or how long ago');
  });

  it('are nothing else', () => {
    for (const text of [
      '',
      '0',
      '-1',
      '4.5',
      '0h',
      '2 h',
      '2w',
      'yesterday',
      '2026-01-31',
      '1234567h',
      '2026-13-01T00:00:00Z',
    ]) {
      expect(() => momentOf(text, '--at', NOW), text).to.throw('a version such as 14, a time such as');
    }
  });
});
