import { expect } from 'chai';
import { pino } from 'pino';
import { logForm } from '#libs/program/log.js';
import { faultOfLogLine } from '#test/support/log-lines.js';

describe('the form of log lines', () => {
  const lines: string[] = [];
  const log = pino(logForm({ process: 'agent', agent: 'host-a' }), { write: (line: string) => lines.push(line) });

  const rows: readonly (readonly [string, () => void, object])[] = [
    ['a message alone', () => log.info('x'), { level: 30, process: 'agent', agent: 'host-a', message: 'x' }],
    [
      'fields with names that the line has already',
      () => log.warn({ agent: 'host-b', message: 'theirs', time: 1, level: 'high', code: 'C' }, 'ours'),
      {
        agent: 'host-a',
        message: 'ours',
        code: 'C',
        about: { agent: 'host-b', message: 'theirs', time: 1, level: 'high' },
      },
    ],
    ['an error', () => log.error(new Error('broken')), { level: 50, message: 'broken' }],
    [
      'an error among fields',
      () => log.error({ err: new Error('broken'), process: 7 }, 'x'),
      { about: { process: 7 } },
    ],
    ['a field that is not set', () => log.info({ message: undefined }, 'x'), { message: 'x' }],
  ];
  for (const [title, write, expected] of rows) {
    it(`is kept by ${title}`, () => {
      lines.length = 0;
      write();
      expect(lines).to.have.length(1);
      expect(faultOfLogLine(lines[0]?.trimEnd() ?? '')).to.equal(null);
      expect(JSON.parse(lines[0] ?? '')).to.deep.include(expected);
    });
  }
});
