import { expect } from 'chai';
import { BusTimeoutError, BusUnavailableError } from '#libs/bus/errors.js';
import { RepeatedRequest } from '#libs/bus/repeated-request.js';
import { waitFor } from '#test/support/wait.js';

describe('a request that is repeated', () => {
  /** Attempts wait until the test settles them; `unreachable` ones fail at once. */
  function rig({ unreachable = 0 } = {}) {
    const attempts: PromiseWithResolvers<unknown>[] = [];
    let closing = false;
    const request = new RepeatedRequest({
      attempt: () => {
        const attempt = Promise.withResolvers<unknown>();
        attempts.push(attempt);
        if (attempts.length <= unreachable) attempt.reject(new BusUnavailableError('subject', 'nobody listens there'));
        return attempt.promise;
      },
      isClosing: () => closing,
    });
    const stop = new AbortController();
    const answer = request.answered(stop.signal).catch((error: unknown) => error);
    const close = (): void => {
      closing = true;
    };
    return { attempts, request, answer, stop, close };
  }

  it('is repeated at once when the other end may be reachable again', async () => {
    // After five, the pause is 1.6 seconds.
    const { attempts, request, answer } = rig({ unreachable: 6 });
    await waitFor('the pauses have grown', () => attempts.length === 6);
    await new Promise((resolve) => setImmediate(resolve));
    request.hurry();
    await new Promise((resolve) => setImmediate(resolve));
    expect(attempts.length).to.equal(7);
    attempts[6]?.resolve('answered');
    expect(await answer).to.equal('answered');
  });

  it('is not repeated while an attempt is under way', async () => {
    const { attempts, request, answer } = rig();
    request.hurry();
    await new Promise((resolve) => setImmediate(resolve));
    expect(attempts.length).to.equal(1);
    attempts[0]?.resolve('answered');
    expect(await answer).to.equal('answered');
  });

  it('is not repeated any more once it was answered', async () => {
    const { attempts, request, answer } = rig({ unreachable: 1 });
    await waitFor('the second attempt', () => attempts.length === 2);
    attempts[1]?.resolve('answered');
    await answer;
    request.hurry();
    await new Promise((resolve) => setImmediate(resolve));
    expect(attempts.length).to.equal(2);
  });

  it('ends with the reason of the signal', async () => {
    const { answer, stop } = rig();
    const reason = new Error('stopped');
    stop.abort(reason);
    expect(await answer).to.equal(reason);
  });

  const ends: readonly (readonly [what: string, error: Error, whileClosing: boolean])[] = [
    ['a refusal', new Error('refused'), false],
    ['a time-out while this end closes', new BusTimeoutError('subject', 1), true],
  ];
  for (const [what, error, whileClosing] of ends) {
    it(`ends with ${what}`, async () => {
      const { attempts, answer, close } = rig();
      if (whileClosing) close();
      attempts[0]?.reject(error);
      expect(await answer).to.equal(error);
    });
  }
});
