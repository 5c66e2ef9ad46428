import { expect } from 'chai';
import { VersionWaits } from '#libs/data-plane/flows/version-waits.js';
import { TEST_NETWORK } from '#test/support/network-view.js';

const never = new AbortController().signal;

describe('waiting for a version', () => {
  it('ends when that version or a later one is reached, not before', async () => {
    const waits = new VersionWaits();
    const ended: string[] = [];
    const five = waits.wait(TEST_NETWORK, 5, 10_000, never).then((reached) => ended.push(`five ${reached}`));
    const six = waits.wait(TEST_NETWORK, 6, 10_000, never).then((reached) => ended.push(`six ${reached}`));
    waits.reached(TEST_NETWORK, 4);
    waits.reached(TEST_NETWORK, 5);
    await five;
    expect(ended).to.deep.equal(['five true']);
    waits.reached(TEST_NETWORK, 9);
    await six;
    expect(ended).to.deep.equal(['five true', 'six true']);
  });

  it('gives up after the time to hold, and when aborted', async () => {
    const waits = new VersionWaits();
    expect(await waits.wait(TEST_NETWORK, 5, 5, never)).to.equal(false);
    const abort = new AbortController();
    const aborted = waits.wait(TEST_NETWORK, 5, 10_000, abort.signal);
    abort.abort();
    expect(await aborted).to.equal(false);
    expect(await waits.wait(TEST_NETWORK, 5, 10_000, abort.signal)).to.equal(false);
  });
});
