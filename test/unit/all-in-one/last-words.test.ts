import { expect } from 'chai';
import { PrintedEnd } from '#apps/all-in-one/last-words.js';

const AT = '2026-01-01 00:00:00.000 UTC';

describe('what a process of the stack printed before its end', () => {
  for (const [title, printed, reason, remedy] of [
    ['nothing', '', null, null],
    ['one line', 'giving up\n', 'giving up', null],
    [
      'a fatal line of ours before other lines',
      `${JSON.stringify({ level: 60, err: { message: 'a.seed is empty' }, remedy: 'put it back' })}\nat x\n`,
      'a.seed is empty',
      'put it back',
    ],
    ['a line of nats-server', '[1] 2026/01/01 [FTL] cannot open nats.conf\n', 'cannot open nats.conf', null],
    ['a line of Postgres', `${AT} [1] FATAL:  could not open file "a"\n`, 'could not open file "a"', null],
    [
      'what Postgres tells a client after that',
      `${AT} [1] PANIC:  could not locate a valid checkpoint record at 0/1\n${AT} [2] FATAL:  the database system is in recovery mode\n`,
      'could not locate a valid checkpoint record at 0/1: global/pg_control and pg_wal are not from the same copy',
      null,
    ],
    ...['starting up', 'shutting down', 'not yet accepting connections'].map(
      (state) =>
        [
          `that it is ${state}`,
          `${AT} [1] FATAL:  could not open file "a"\n${AT} [2] FATAL:  the database system is ${state}\n`,
          'could not open file "a"',
          null,
        ] as const,
    ),
  ] as const) {
    it(`tells why it ended: ${title}`, () => {
      const end = new PrintedEnd();
      end.take(printed);
      expect(end.lastWords()).to.deep.equal(reason === null ? null : { reason, remedy });
    });
  }
});
