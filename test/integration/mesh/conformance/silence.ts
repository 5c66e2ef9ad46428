import { expect } from 'chai';
import { waitFor } from '#test/support/wait.js';
import { flowBetween, TestMesh, type TransportFactory } from './mesh.js';
import { ending, observe } from './observe.js';
import { withRelay } from './relay.js';

const timings = { heartbeatIntervalMs: 200, heartbeatDeadlineMs: 300 };
/** Interval and deadline, with a margin for a busy machine. */
const BOUND_MS = 500 + 700;

export function noticesSilence(newTransport: TransportFactory): void {
  describe('a peer that vanishes without a word', () => {
    let mesh: TestMesh;
    beforeEach(async () => {
      mesh = await TestMesh.create(newTransport);
    });
    afterEach(() => mesh.close());

    for (const traffic of ['idle', 'busy'] as const) {
      it(`has its ${traffic} flows reset at both ends within the heartbeat's bound, and is reached anew`, async () => {
        const transport = await withRelay(await newTransport('host-a'));
        const [a, b] = await mesh.pair({ a: { transport, timings }, b: { timings } });
        const [source, target] = await flowBetween(a, b);
        const [atSource, atTarget] = [observe(source), observe(target)];
        if (traffic === 'busy') {
          const block = Buffer.alloc(65_536);
          for (const flow of [source, target]) for (let count = 0; count < 400; count += 1) flow.write(block);
        }
        transport.freeze();
        const frozen = performance.now();
        expect(await ending(atSource)).to.equal('PEER_SILENT');
        expect(await ending(atTarget)).to.equal('PEER_SILENT');
        expect(performance.now() - frozen).to.be.lessThan(BOUND_MS);
        await flowBetween(a, b);
        expect(a.dials()).to.equal(2);
      });
    }

    it('is not taken for one that is quiet', async () => {
      const [a, b] = await mesh.pair({ a: { timings }, b: { timings } });
      const [source, target] = await flowBetween(a, b);
      const seen = observe(target);
      const began = performance.now();
      await waitFor('three times the bound has passed', () => performance.now() - began > 3 * BOUND_MS);
      source.end('still here');
      expect(await ending(seen)).to.equal('end');
      expect(a.dials()).to.equal(1);
    });
  });
}
