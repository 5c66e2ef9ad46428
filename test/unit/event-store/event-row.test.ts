import { expect } from 'chai';
import { type EventRowText, parseChainedEvent, parseEventRow, parseTimestamp } from '#libs/event-store/event-row.js';

/** One row in the order of EVENT_COLUMNS, with a different value in each column. */
const ROW: EventRowText = [
  '7',
  'network-1',
  '3',
  'AliasPublished',
  '2',
  '{"alias":"api"}',
  '{"from": 1}',
  'ada',
  'c-1',
  'c-2',
  'c-3',
  '2026-01-31 10:20:30.12+00',
  'before',
  'own',
];
const COMMON = {
  position: 7,
  streamId: 'network-1',
  streamVersion: 3,
  type: 'AliasPublished',
  schemaVersion: 2,
  actor: 'ada',
  commandId: 'c-1',
  correlationId: 'c-2',
  causationId: 'c-3',
  recordedAt: '2026-01-31T10:20:30.120Z',
};
const without = (column: number, text: string | null): EventRowText =>
  ROW.map((found, index) => (index === column ? text : found));

describe('a row of the log', () => {
  it('is read column by column', () => {
    expect(parseEventRow(ROW)).to.deep.equal({
      ...COMMON,
      ...{ data: { alias: 'api' }, metadata: { from: 1 }, previousHash: 'before', hash: 'own' },
    });
  });

  it('is hashed as it is stored, space for space', () => {
    expect(parseChainedEvent(ROW)).to.deep.equal({
      ...COMMON,
      ...{ dataText: '{"alias":"api"}', metadataText: '{"from": 1}', previousHash: 'before', hash: 'own' },
    });
  });

  it('may have no cause and no metadata', () => {
    expect(parseEventRow(without(10, null)).causationId).to.equal(null);
    expect(parseChainedEvent(without(10, null)).causationId).to.equal(null);
    expect(parseChainedEvent(without(10, '')).causationId).to.equal('');
    expect(parseEventRow(without(6, '{}')).metadata).to.deep.equal({});
  });

  for (const [printed, read] of [
    ['2026-01-31 10:20:30+00', '2026-01-31T10:20:30.000Z'],
    ['2026-01-31 10:20:30.1+00', '2026-01-31T10:20:30.100Z'],
    ['2026-01-31 10:20:30.012+00', '2026-01-31T10:20:30.012Z'],
  ] as const) {
    it(`has the time ${printed}: ${read}`, () => expect(parseTimestamp(printed)).to.equal(read));
  }
});
