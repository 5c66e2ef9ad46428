import { expect } from 'chai';
import { DEFAULT_LIMITS } from '#libs/mesh/settings.js';
import { StreamBudgets } from '#libs/mesh/stream-budgets.js';
import { agentIdentity } from '#test/support/mesh-store.js';

const a = agentIdentity('host-a');
const b = agentIdentity('host-b');
const limits = { streamsPerSecond: 1_000, streamsFromPeer: 2, wastedStreamsPerSecond: 2 };

/** Each test ends long before a budget regains half a stream. */
function budgets(changes: Partial<typeof limits> = {}): StreamBudgets {
  return new StreamBudgets({ ...DEFAULT_LIMITS, ...limits, ...changes });
}

describe('the streams of a peer', () => {
  it('are refused past so many that are open, and admitted once one has ended', () => {
    const opened = budgets();
    expect([opened.opened(a), opened.opened(a), opened.opened(a)]).to.deep.equal(['admitted', 'admitted', 'refused']);
    opened.closed(a, false);
    expect(opened.opened(a)).to.equal('refused');
    opened.closed(a, false);
    opened.closed(a, false);
    expect(opened.opened(a)).to.equal('admitted');
  });

  it('are not served at all past so many a second, whatever is open', () => {
    const opened = budgets({ streamsPerSecond: 2 });
    for (const expected of ['admitted', 'admitted', 'spent', 'spent']) {
      expect(opened.opened(a)).to.equal(expected);
      opened.closed(a, false);
    }
    expect(opened.opened(b)).to.equal('admitted');
  });

  it('may be wasted for five seconds of their rate at once, and are slow from a tenth of that on', () => {
    const wasted = budgets({ streamsPerSecond: 1 });
    expect(wasted.isWasteful(a)).to.equal(false);
    wasted.opened(a);
    expect(wasted.isWasteful(a)).to.equal(false);
    const steps = Array.from({ length: 11 }, () => [wasted.closed(a, true), wasted.isWasteful(a)]);
    expect(steps).to.deep.equal([[true, false], ...Array.from({ length: 9 }, () => [true, true]), [false, true]]);
    expect(wasted.closed(a, false), 'a stream that was answered').to.equal(true);
    expect([wasted.isWasteful(b), wasted.closed(b, true)], 'another peer').to.deep.equal([false, true]);
  });

  it('may be wasted for a tenth of that once the peer was cut off, also after another peer has come', () => {
    const again = budgets({ streamsPerSecond: 1e9 });
    again.opened(a);
    again.closed(a, false);
    again.cutOff(a);
    again.opened(b);
    expect([again.isWasteful(a), again.closed(a, true), again.isWasteful(a)]).to.deep.equal([false, true, true]);
    expect([again.closed(a, true), again.closed(b, true), again.closed(b, true)]).to.deep.equal([false, true, true]);
  });

  it('are not forgotten when another peer comes: neither open ones, nor wasted ones, nor how fast they were opened', () => {
    const kept = budgets();
    kept.opened(a);
    kept.opened(a);
    kept.opened(b);
    expect(kept.opened(a)).to.equal('refused');

    const wasted = budgets();
    wasted.opened(a);
    for (let stream = 0; stream < 3; stream += 1) wasted.closed(a, true);
    wasted.opened(a);
    wasted.opened(b);
    expect(wasted.isWasteful(a)).to.equal(true);

    const fast = budgets({ streamsPerSecond: 1 });
    fast.opened(a);
    fast.closed(a, false);
    fast.opened(b);
    expect(fast.opened(a)).to.equal('spent');
  });
});
