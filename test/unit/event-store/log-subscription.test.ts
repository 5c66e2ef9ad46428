import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { LogSubscription } from '#libs/event-store/log-subscription.js';
import { storedEvent } from '#test/support/stored-event.js';
import { waitFor } from '#test/support/wait.js';

const BATCH = 4;
const NEVER_MS = 3_600_000;

describe('a subscription to the log', () => {
  /** A log of so many events, and how often it is read. */
  function following(events: number) {
    let [end, reads] = [events, 0];
    let wake = (): void => {};
    const positions: number[] = [];
    const subscription = new LogSubscription({
      ...{ after: 0, batchSize: BATCH, pollIntervalMs: NEVER_MS, onError: () => {} },
      read: async (after, limit) => {
        reads += 1;
        const count = Math.min(limit, end - after);
        return Array.from({ length: count }, (_, index) => storedEvent({ position: after + index + 1 }));
      },
      handle: async (batch) => {
        positions.push(...batch.map(({ position }) => position));
      },
      listen: (given) => {
        wake = given;
        return () => {};
      },
    });
    const append = (): void => {
      end += 1;
      wake();
    };
    return { positions, append, reads: () => reads, close: () => subscription.close() };
  }

  /** Everything that is ready has run. */
  const settled = () => setImmediate();

  const rows: readonly (readonly [says: string, events: number, reads: number])[] = [
    ['reads what is there once, if it is less than a batch', BATCH - 1, 1],
    ['reads again after a whole batch, since there may be more', BATCH, 2],
    ['reads until less than a batch is left', 2 * BATCH + 1, 3],
  ];
  for (const [says, events, expected] of rows) {
    it(says, async () => {
      const log = following(events);
      await waitFor('all are delivered', () => log.positions.length === events);
      await settled();
      expect(log.reads()).to.equal(expected);
      log.append();
      await waitFor('the next is delivered', () => log.positions.length === events + 1);
      await settled();
      expect(log.reads()).to.equal(expected + 1);
      await log.close();
    });
  }
});
