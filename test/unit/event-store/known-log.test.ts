import { expect } from 'chai';
import { GENESIS_HASH } from '#libs/audit/hash-chain.js';
import { type LogState, planBatch } from '#libs/event-store/batch.js';
import { KnownLog } from '#libs/event-store/known-log.js';
import { command } from '#test/support/commands.js';

const EMPTY: LogState = {
  headPosition: 0,
  headHash: GENESIS_HASH,
  headRecordedAt: '',
  now: '2026-01-31T10:20:30.000Z',
  streamVersions: new Map([['a', 0]]),
  commands: new Map(),
  claims: new Map(),
};
const pending = (overrides: Parameters<typeof command>[0], uncertain = false) => [
  { write: command(overrides), uncertain },
];

describe('what is known of the log', () => {
  let nowMs: number;
  let known: KnownLog;

  beforeEach(() => {
    nowMs = 100;
    known = new KnownLog(() => nowMs);
    known.learn(EMPTY);
  });

  it('is the end that the last batch made, at the time that has passed on the database', () => {
    const plan = planBatch(EMPTY, pending({ streamId: 'a' }));
    known.advance(plan);
    nowMs += 250;
    const state = known.stateFor(pending({ streamId: 'a', expectedVersion: 1 }));
    expect(state).to.include({
      headPosition: 1,
      headHash: plan.events[0]?.hash,
      now: '2026-01-31T10:20:30.250Z',
    });
    expect(state?.streamVersions.get('a')).to.equal(1);
  });

  it('is not enough for a claim, a release, a stream not seen, or a command that may be in the log', () => {
    const claim = { scope: 'name', value: 'dev' };
    expect(known.stateFor(pending({ streamId: 'a' }))).not.to.equal(null);
    expect(known.stateFor(pending({ streamId: 'a', claims: [claim] }))).to.equal(null);
    expect(known.stateFor(pending({ streamId: 'a', releases: [claim] }))).to.equal(null);
    expect(known.stateFor(pending({ streamId: 'b', expectedVersion: 3 }))).to.equal(null);
    expect(known.stateFor(pending({ streamId: 'a' }, true))).to.equal(null);
  });

  it('is not enough once the clock was read too long ago, or the connection was lost', () => {
    nowMs += 1_001;
    expect(known.stateFor(pending({ streamId: 'a' }))).to.equal(null);
    known.learn(EMPTY);
    expect(known.stateFor(pending({ streamId: 'a' }))).not.to.equal(null);
    known.forget();
    expect(known.stateFor(pending({ streamId: 'a' }))).to.equal(null);
  });

  it('is not relied on for a while after another process appended', () => {
    known.learn({ ...EMPTY, headPosition: 5, headHash: 'theirs' });
    expect(known.stateFor(pending({ streamId: 'a' }))).to.equal(null);
    nowMs += 1_000;
    expect(known.stateFor(pending({ streamId: 'a' }))).to.include({ headPosition: 5, headHash: 'theirs' });
  });

  it('is good for a second to the millisecond, and nothing before the first read', () => {
    expect(new KnownLog(() => nowMs).stateFor(pending({ streamId: 'a' }))).to.equal(null);
    nowMs += 1_000;
    expect(known.stateFor(pending({ streamId: 'a' }))?.now).to.equal('2026-01-31T10:20:31.000Z');
  });

  it('knows the streams that were read', () => {
    known.learn({ ...EMPTY, streamVersions: new Map([['b', 4]]) });
    expect(known.stateFor(pending({ streamId: 'b', expectedVersion: 4 }))?.streamVersions.get('b')).to.equal(4);
  });

  it('lets a stream begin that nobody has seen, and needs every command of a batch to be plain', () => {
    const begins = pending({ streamId: 'new' });
    const goesOn = pending({ streamId: 'b', expectedVersion: 3 });
    expect(known.stateFor(begins)).not.to.equal(null);
    expect(known.stateFor([...begins, ...goesOn])).to.equal(null);
  });

  it('keeps what it knows of streams over a read that finds its own end, and nothing over another one', () => {
    const goesOn = pending({ streamId: 'a', expectedVersion: 1 });
    const plan = planBatch(EMPTY, pending({ streamId: 'a' }));
    known.advance(plan);
    const ours = { ...EMPTY, headPosition: 1, headHash: String(plan.events[0]?.hash), streamVersions: new Map() };
    known.learn(ours);
    expect(known.stateFor(goesOn)?.streamVersions.get('a')).to.equal(1);
    known.learn({ ...ours, headPosition: 2, headHash: 'theirs' });
    nowMs += 999;
    expect(known.stateFor(pending({ streamId: 'new' })), 'while another process appends').to.equal(null);
    nowMs += 1;
    expect(known.stateFor(pending({ streamId: 'new' }))).to.include({ headPosition: 2, headHash: 'theirs' });
    expect(known.stateFor(goesOn), 'of a stream that the other may have written').to.equal(null);
  });

  it('stays as it is after a batch without events, and knows no stream once the connection was lost', () => {
    known.advance(planBatch(EMPTY, [{ write: command({ streamId: 'a', events: [] }), uncertain: false }]));
    expect(known.stateFor(pending({ streamId: 'a' }))).to.include({ headPosition: 0, headHash: GENESIS_HASH });
    known.advance(planBatch(EMPTY, pending({ streamId: 'a' })));
    known.forget();
    known.learn({ ...EMPTY, streamVersions: new Map() });
    expect(known.stateFor(pending({ streamId: 'a', expectedVersion: 1 }))).to.equal(null);
  });

  it('holds twenty thousand streams at most', () => {
    const plan = planBatch(EMPTY, pending({ streamId: 'a' }));
    const [row] = plan.commands;
    if (row === undefined) throw new Error('no command');
    const commands = Array.from({ length: 20_001 }, (_, index) => ({
      ...row,
      write: { ...row.write, streamId: `stream-${index}` },
    }));
    known.advance({ ...plan, commands });
    expect(known.stateFor(pending({ streamId: 'stream-0', expectedVersion: 1 }))).not.to.equal(null);
    known.advance(plan);
    expect(known.stateFor(pending({ streamId: 'stream-0', expectedVersion: 1 }))).to.equal(null);
    expect(known.stateFor(pending({ streamId: 'a', expectedVersion: 1 }))).not.to.equal(null);
  });
});
