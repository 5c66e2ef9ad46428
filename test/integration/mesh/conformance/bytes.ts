import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { expect } from 'chai';
import { FLOW_WINDOW_BYTES } from '#libs/mesh/settings.js';
import { waitFor } from '#test/support/wait.js';
import { flowBetween, TestMesh, type TransportFactory } from './mesh.js';
import { digestOf, ending, observe } from './observe.js';
import { withRelay } from './relay.js';

const TEN_MEGABYTES = 10 * 1024 * 1024;
const KILOBYTE = 1024;

export function carriesBytes(newTransport: TransportFactory): void {
  describe('bytes', () => {
    let mesh: TestMesh;
    beforeEach(async () => {
      mesh = await TestMesh.create(newTransport);
    });
    afterEach(() => mesh.close());

    it('carries 10 MB both ways at once, byte for byte, and ends cleanly', async () => {
      const [a, b] = await mesh.pair();
      const [source, target] = await flowBetween(a, b);
      const [up, down] = [randomBytes(TEN_MEGABYTES), randomBytes(TEN_MEGABYTES)];
      const [atTarget, atSource] = [observe(target), observe(source)];
      source.end(up);
      target.end(down);
      expect(await ending(atTarget)).to.equal('end');
      expect(await ending(atSource)).to.equal('end');
      expect(atTarget.digest).to.equal(digestOf(up));
      expect(atSource.digest).to.equal(digestOf(down));
    });

    it('carries 2 MB both ways at once on each of 24 flows: no end waits for the other to read', async () => {
      const [a, b] = await mesh.pair();
      const flows = await Promise.all(Array.from({ length: 24 }, () => flowBetween(a, b)));
      const bytes = randomBytes(2 * FLOW_WINDOW_BYTES);
      const seen = flows.flat().map((flow) => observe(flow));
      for (const flow of flows.flat()) flow.end(bytes);
      for (const one of seen) expect(await ending(one)).to.equal('end');
      expect(new Set(seen.map(({ digest }) => digest))).to.deep.equal(new Set([digestOf(bytes)]));
    });

    for (const first of ['source', 'target'] as const) {
      it(`carries 10 MB back after the ${first} has ended its half`, async () => {
        const [a, b] = await mesh.pair();
        const ends = await flowBetween(a, b);
        const [one, other] = first === 'source' ? ends : [ends[1], ends[0]];
        const bytes = randomBytes(TEN_MEGABYTES);
        const [atOther, atOne] = [observe(other), observe(one)];
        one.end('the question');
        expect(await ending(atOther)).to.equal('end');
        expect(atOne.ended).to.equal(false);
        other.end(bytes);
        expect(await ending(atOne)).to.equal('end');
        expect(atOne.digest).to.equal(digestOf(bytes));
        await waitFor('both ends are closed', () => atOne.closed && atOther.closed);
        expect([atOne.error, atOther.error]).to.deep.equal([null, null]);
      });
    }

    it('ends cleanly when not one byte was sent', async () => {
      const [a, b] = await mesh.pair();
      const [source, target] = await flowBetween(a, b);
      const [atTarget, atSource] = [observe(target), observe(source)];
      source.end();
      target.end();
      expect([await ending(atTarget), await ending(atSource)]).to.deep.equal(['end', 'end']);
    });

    it('keeps what was written when the writer uses its buffer again as soon as it may', async () => {
      const [a, b] = await mesh.pair();
      const [source, target] = await flowBetween(a, b);
      const pieces = Array.from({ length: 64 }, (_, index) => randomBytes((index % 32) * 3 * KILOBYTE + 1));
      const atTarget = observe(target);
      const reused = Buffer.alloc(96 * KILOBYTE);
      for (const piece of pieces) {
        piece.copy(reused);
        const written = new Promise((resolve) => source.write(reused.subarray(0, piece.length), resolve));
        if (source.writableLength > 0) await written;
      }
      source.end();
      expect(await ending(atTarget)).to.equal('end');
      expect(atTarget.digest).to.equal(digestOf(Buffer.concat(pieces)));
    });

    it('fills a long path: a megabyte is sent before an answer comes', async () => {
      const transport = await withRelay(await newTransport('host-a'));
      const [a, b] = await mesh.pair({ a: { transport } });
      const [source, target] = await flowBetween(a, b);
      for (const [writer, reader, answers] of [
        [source, target, 'from the peer'],
        [target, source, 'to the peer'],
      ] as const) {
        const seen = observe(reader);
        const release = transport.hold(answers);
        writer.end(Buffer.alloc(4 * FLOW_WINDOW_BYTES));
        await waitFor('a window of bytes has come', () => seen.bytes === FLOW_WINDOW_BYTES);
        release();
        expect(await ending(seen)).to.equal('end');
        expect(seen.bytes).to.equal(4 * FLOW_WINDOW_BYTES);
      }
    });

    it('carries 200 flows at once, none mixed with another', async () => {
      const [a, b] = await mesh.pair();
      const flows = await Promise.all(
        Array.from({ length: 200 }, async () => {
          const [source, target] = await flowBetween(a, b);
          target.pipe(target);
          const bytes = randomBytes(32 * KILOBYTE);
          const seen = observe(source);
          source.end(bytes);
          return { bytes, seen };
        }),
      );
      for (const { bytes, seen } of flows) {
        expect(await ending(seen)).to.equal('end');
        expect(seen.digest).to.equal(digestOf(bytes));
      }
      expect(a.dials()).to.equal(1);
    });

    it('goes on beside 250 stalled readers, 50 of them at the source, which lose nothing', async () => {
      const [a, b] = await mesh.pair();
      const bytes = randomBytes(FLOW_WINDOW_BYTES + 512 * KILOBYTE);
      const stalled: Duplex[] = [];
      const writers: Duplex[] = [];
      for (let count = 0; count < 250; count += 1) {
        const [source, target] = await flowBetween(a, b);
        const [reader, writer] = count < 50 ? [source, target] : [target, source];
        writer.end(bytes);
        reader.read(0);
        stalled.push(reader);
        writers.push(writer);
      }
      await waitFor('no stalled writer gets on', () => settled(writers));

      const [source, target] = await flowBetween(a, b);
      const seen = observe(source);
      target.pipe(target);
      source.end(bytes);
      expect(await ending(seen)).to.equal('end');
      expect(seen.digest).to.equal(digestOf(bytes));
      expect(a.dials()).to.equal(1);

      for (const flow of stalled) {
        const late = observe(flow);
        expect(await ending(late)).to.equal('end');
        expect(late.bytes).to.equal(bytes.length);
      }
    });

    it('takes no more from a writer than the window and a few writes while nobody reads', async () => {
      const [a, b] = await mesh.pair();
      const [source] = await flowBetween(a, b);
      source.on('error', () => undefined);
      let taken = 0;
      const block = Buffer.alloc(64 * KILOBYTE);
      const writeOn = () => {
        source.write(block, (error) => {
          if (error) return;
          taken += block.length;
          writeOn();
        });
      };
      writeOn();
      let before = -1;
      let same = 0;
      await waitFor('the writer is held', () => {
        same = taken === before ? same + 1 : 0;
        before = taken;
        return same > 20;
      });
      expect(taken).to.be.at.least(FLOW_WINDOW_BYTES / 2);
      expect(taken).to.be.at.most(FLOW_WINDOW_BYTES + 512 * KILOBYTE);
    });
  });
}

/** True once no writer made progress between two checks. */
const looks = new WeakMap<readonly Duplex[], string>();
function settled(flows: readonly Duplex[]): boolean {
  const now = flows.map((flow) => flow.writableLength).join();
  const same = looks.get(flows) === now;
  looks.set(flows, now);
  return same && flows.every((flow) => flow.writableLength > 0);
}
