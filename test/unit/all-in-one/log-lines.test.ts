import { expect } from 'chai';
import { logLine, PrintedLines } from '#apps/all-in-one/log-lines.js';
import { faultOfLogLine, repeatedKey } from '#test/support/log-lines.js';

const NOW = new Date('2026-01-02T03:04:05.678Z');
const now = NOW.toISOString();

describe('lines of a log, of what a process printed', () => {
  const ours = '{"level":50,"time":"2026-01-01T00:00:00.000Z","process":"agent","agent":"host-a","message":"x"}';
  const rows: readonly (readonly [string, string, object | string])[] = [
    ['one of our own', ours, ours],
    ['nats-server', '[12] 2026/01/02 05:04:05.1234 [ERR] no [x]', { level: 50, time: now, message: 'no [x]' }],
    ['nats-server, at its end', '[12] 2026/01/02 05:04:05.1234 [FTL] gone', { level: 60, time: now, message: 'gone' }],
    [
      'Postgres',
      '2026-01-02 01:02:03.456 UTC [77] FATAL:  no "room": left',
      { level: 60, time: '2026-01-02T01:02:03.456Z', message: 'no "room": left' },
    ],
    [
      'Postgres, of the line before',
      '2026-01-02 01:02:03.456 UTC [77] HINT:  Check free disk space.',
      { level: 30, time: '2026-01-02T01:02:03.456Z', message: 'HINT: Check free disk space.' },
    ],
    [
      'a line of a stack trace',
      '    at main (file.ts:1:2)',
      { level: 30, time: now, message: '    at main (file.ts:1:2)' },
    ],
    ['JSON of another form', '{"msg":"x","time":1}', { level: 30, time: now, message: '{"msg":"x","time":1}' }],
    ['what only begins as JSON', '{"level":30', { level: 30, time: now, message: '{"level":30' }],
  ];
  for (const [title, printed, expected] of rows) {
    it(`${title}: ${printed}`, () => {
      const line = logLine('p', printed, NOW);
      if (typeof expected === 'string') expect(line).to.equal(expected);
      else expect(JSON.parse(line)).to.deep.equal({ ...expected, process: 'p' });
      expect(faultOfLogLine(line)).to.equal(null);
    });
  }

  it('are cut where they end, whatever pieces they come in, and the last one without an end', () => {
    const text = 'first\nsecond \u{1f600} line\n\nlast';
    const bytes = Buffer.from(text);
    for (const size of [1, 2, 3, 7, bytes.length]) {
      const taken: string[] = [];
      const lines = new PrintedLines((line) => taken.push(line));
      for (let at = 0; at < bytes.length; at += size) lines.add(bytes.subarray(at, at + size));
      expect(taken).to.deep.equal(['first', 'second \u{1f600} line']);
      lines.end();
      expect(taken.at(-1)).to.equal('last');
    }
  });

  it('are not gathered for ever', () => {
    const taken: string[] = [];
    const lines = new PrintedLines((line) => taken.push(line));
    lines.add(Buffer.alloc(200_000, 'x'));
    expect(taken.map(({ length }) => length)).to.deep.equal([65_536, 65_536, 65_536]);
    lines.end();
    expect(taken.join('')).to.have.length(200_000);
  });

  for (const [line, fault] of [
    ['{"level":30,"time":1,"process":"p","message":"x"}', 'has no time in UTC'],
    [`{"level":30,"time":"${now}","process":"p","msg":"x"}`, 'has no message'],
    [`{"level":30,"time":"${now}","process":"p","message":"x","message":"y"}`, 'has the key "message": twice'],
    [`{"level":30,"time":"${now}","process":"p","message":"x","a":{"b":1,"b":2}}`, 'has the key "b": twice'],
    ['torn', 'is not JSON'],
  ] as const) {
    it(`have a fault that the tests see: ${fault}`, () => expect(faultOfLogLine(line)).to.equal(fault));
  }

  it('may say the same key in several objects, and in texts', () => {
    expect(repeatedKey('{"a":{"b":1},"c":[{"b":1},{"b":2}],"d":"\\"a\\":{","e":1}')).to.equal(null);
  });
});
