import { expect } from 'chai';
import { GatheredMessages } from '#apps/control-plane/events/gathered-messages.js';
import { type StreamMessage, streamMessage } from '#apps/control-plane/events/stream-message.js';
import { waitFor } from '#test/support/wait.js';

const [ONE, TWO, THREE, FOUR] = ['one', 'two', 'three', 'four'].map((name) => streamMessage(name, {})) as [
  StreamMessage,
  StreamMessage,
  StreamMessage,
  StreamMessage,
];

describe('messages to all readers of the stream of events', () => {
  let handedOn: (readonly StreamMessage[])[];
  let gathered: GatheredMessages;

  beforeEach(() => {
    handedOn = [];
    gathered = new GatheredMessages(({ messages }) => handedOn.push(messages));
  });

  it('are handed on at once after a pause, and together when they follow one another closely', async () => {
    for (const message of [ONE, TWO, THREE]) gathered.take(message);
    expect(handedOn).to.deep.equal([[ONE]]);
    await waitFor('the others are handed on', () => handedOn.length === 2);
    gathered.take(FOUR);
    expect(handedOn).to.deep.equal([[ONE], [TWO, THREE]]);
    await waitFor('the last one is handed on', () => handedOn.length === 3);
    expect(handedOn[2]).to.deep.equal([FOUR]);
  });

  it('wait ten times as long as handing on the last ones took', async () => {
    const tookMs = 15;
    const at: number[] = [];
    const slow = new GatheredMessages(() => {
      const began = performance.now();
      at.push(began);
      while (performance.now() - began < tookMs);
    });
    for (const message of [ONE, TWO]) slow.take(message);
    await waitFor('the second is handed on', () => at.length === 2);
    // A timer may fire early by a fraction of a millisecond.
    expect((at[1] ?? 0) - (at[0] ?? 0)).to.be.at.least(tookMs + 10 * tookMs - 1);
  });

  it('that wait are handed on when that is asked for', () => {
    for (const message of [ONE, TWO]) gathered.take(message);
    gathered.flush();
    gathered.flush();
    expect(handedOn).to.deep.equal([[ONE], [TWO]]);
  });
});
