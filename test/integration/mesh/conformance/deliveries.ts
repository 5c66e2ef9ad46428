import { expect } from 'chai';
import { FlowResetError, type MeshFlow } from '#libs/mesh/flow.js';
import { FLOW_WINDOW_BYTES } from '#libs/mesh/settings.js';
import { waitFor } from '#test/support/wait.js';
import { flowBetween, open, TestMesh, type TransportFactory } from './mesh.js';
import { observe } from './observe.js';

/** More than a flow's window: it cannot all be sent before the other end reads. */
const MORE_THAN_A_WINDOW = 3 * FLOW_WINDOW_BYTES;

interface Situation {
  /** The state of the flow when it is reset. */
  readonly prepare: (resetter: MeshFlow, other: MeshFlow) => void;
  /** Bytes that arrive at the other end, and whether they end cleanly before the reset. */
  readonly bytes: number;
  readonly isEnded: boolean;
}

const SITUATIONS: Readonly<Record<string, Situation>> = {
  'while idle': { prepare: () => {}, bytes: 0, isEnded: false },
  'right after a few bytes': { prepare: (resetter) => resetter.write(Buffer.alloc(300)), bytes: 300, isEnded: false },
  'with more written than the window takes': {
    prepare: (resetter) => resetter.write(Buffer.alloc(MORE_THAN_A_WINDOW)),
    bytes: MORE_THAN_A_WINDOW,
    isEnded: false,
  },
  'right after its own half has ended': {
    prepare: (resetter) => resetter.end(Buffer.alloc(300)),
    bytes: 300,
    isEnded: true,
  },
  'after its own half has ended with more than the window takes': {
    prepare: (resetter) => resetter.end(Buffer.alloc(MORE_THAN_A_WINDOW)),
    bytes: MORE_THAN_A_WINDOW,
    isEnded: true,
  },
  'after the other end has ended its half': {
    prepare: (resetter, other) => {
      other.end('all I had to say');
      resetter.write(Buffer.alloc(300));
    },
    bytes: 300,
    isEnded: false,
  },
  'while the other end sends all it may': {
    prepare: (resetter, other) => {
      other.write(Buffer.alloc(MORE_THAN_A_WINDOW));
      resetter.write(Buffer.alloc(300));
    },
    bytes: 300,
    isEnded: false,
  },
};

/** When the reset is requested: in the same turn, or once everything that can be sent before it has arrived. */
const MOMENTS: Readonly<Record<string, (other: MeshFlow, bytes: number) => Promise<unknown>>> = {
  'at once': async () => {},
  'once the bytes lie at the other end': async (other, bytes) => {
    other.read(0);
    await waitFor('bytes lie at the other end', () => bytes === 0 || other.readableLength > 0);
  },
};

export function deliversBeforeResets(newTransport: TransportFactory): void {
  describe('resets after delivery', () => {
    let mesh: TestMesh;
    beforeEach(async () => {
      mesh = await TestMesh.create(newTransport);
    });
    afterEach(() => mesh.close());

    for (const resetter of ['source', 'target'] as const) {
      for (const [situation, { prepare, bytes, isEnded }] of Object.entries(SITUATIONS)) {
        for (const [moment, reached] of Object.entries(MOMENTS)) {
          it(`come behind what was written, ${moment}: by the ${resetter} ${situation}`, async () => {
            const [a, b] = await mesh.pair();
            const ends = await flowBetween(a, b);
            const [one, other] = resetter === 'source' ? ends : [ends[1], ends[0]];
            const here = observe(one, false);
            prepare(one, other);
            await reached(other, bytes);
            one.resetAfterDelivery('TARGET_RESET');
            one.resume();
            const there = observe(other);
            await waitFor('both ends are closed', () => here.closed && there.closed);
            expect(there).to.include({ bytes, ended: isEnded });
            expect(there.error).to.be.instanceOf(FlowResetError).with.property('isAfterDelivery', true);
          });
        }
      }

      it(`can still be cut short by a reset of the ${resetter}: what was not read is dropped`, async () => {
        const [a, b] = await mesh.pair();
        const ends = await flowBetween(a, b);
        const [one, other] = resetter === 'source' ? ends : [ends[1], ends[0]];
        const there = observe(other, false);
        other.read(0);
        one.on('error', () => undefined);
        one.write(Buffer.alloc(MORE_THAN_A_WINDOW));
        await waitFor('bytes lie at the other end', () => other.readableLength > 0);
        one.resetAfterDelivery('TARGET_RESET');
        one.reset('POLICY_CUT');
        await waitFor('the other end is closed', () => there.closed);
        expect(there.error).to.be.instanceOf(FlowResetError).with.property('isAfterDelivery', false);
        expect(other.read()).to.equal(null);
      });
    }

    it('come from both ends at once', async () => {
      const [a, b] = await mesh.pair();
      const ends = await flowBetween(a, b);
      const seen = ends.map((end) => observe(end));
      for (const end of ends) {
        end.write(Buffer.alloc(300));
        end.resetAfterDelivery('GONE');
      }
      await waitFor('both ends are closed', () => seen.every(({ closed }) => closed));
    });

    it('keep the session through 1,000 of them', async () => {
      const [a, b] = await mesh.pair();
      b.onFlow((flow) => {
        const target = flow.accept(1);
        target.on('error', () => undefined);
        target.write(Buffer.alloc(300));
        target.resetAfterDelivery('TARGET_RESET');
        target.resume();
      });
      for (let round = 0; round < 10; round += 1) {
        await Promise.all(
          Array.from({ length: 100 }, async () => {
            const seen = observe(await open(a, b));
            await waitFor('the flow is closed', () => seen.closed);
            expect(seen.bytes).to.equal(300);
          }),
        );
      }
      expect(a.dials()).to.equal(1);
    });
  });
}
