import { expect } from 'chai';
import { type LogState, planBatch } from '#libs/event-store/batch.js';
import { GENESIS_HASH } from '#libs/event-store/hash-chain.js';
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
});
