import { expect } from 'chai';
import { DeliveryLane } from '#apps/control-plane/delivery/delivery-lane.js';
import { waitFor } from '#test/support/wait.js';

describe('a delivery lane', () => {
  /** A receiver that answers when told to, and records what it was sent. */
  function receiver() {
    const sent: number[] = [];
    const errors: unknown[] = [];
    let answer: (() => void) | null = null;
    const lane = new DeliveryLane<number>({
      send: (value, signal) => {
        sent.push(value);
        return new Promise((resolve, reject) => {
          answer = resolve;
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        });
      },
      onError: (error) => errors.push(error),
      now: () => performance.now(),
    });
    return { lane, sent, errors, answer: () => answer?.() };
  }

  it('sends one value at a time, and of those that wait only the newest', async () => {
    const { lane, sent, answer } = receiver();
    lane.offer(1);
    lane.offer(2);
    lane.offer(3);
    expect(sent).to.deep.equal([1]);
    answer();
    await waitFor('the newest is sent', () => sent.length === 2);
    expect(sent).to.deep.equal([1, 3]);
    answer();
    await waitFor('the lane is empty', () => !lane.busy);
  });

  it('gives up a value that is not answered when a newer one waits', async () => {
    const { lane, sent, errors } = receiver();
    lane.offer(1);
    lane.offer(2);
    await waitFor('the newer one took its place', () => sent.includes(2));
    expect(errors).to.deep.equal([]);
    await lane.close();
  });

  it('goes on with the same value when nothing newer waits', async () => {
    const { lane, sent, answer } = receiver();
    lane.offer(1);
    lane.hasten();
    await waitFor('it is sent again', () => sent.length === 2);
    expect(sent).to.deep.equal([1, 1]);
    answer();
    await waitFor('the lane is empty', () => !lane.busy);
  });

  it('reports a refusal and takes the next value', async () => {
    const errors: unknown[] = [];
    const sent: number[] = [];
    const lane = new DeliveryLane<number>({
      send: async (value) => {
        sent.push(value);
        if (value === 1) throw new Error('refused');
      },
      onError: (error) => errors.push(error),
      now: () => performance.now(),
    });
    lane.offer(1);
    await waitFor('it was refused', () => errors.length === 1);
    lane.offer(2);
    await waitFor('the next is sent', () => sent.includes(2));
  });

  it('ends what is under way when it is closed, and takes nothing more', async () => {
    const { lane, sent } = receiver();
    lane.offer(1);
    await lane.close();
    lane.offer(2);
    expect(sent).to.deep.equal([1]);
  });
});
