import { expect } from 'chai';
import type { MeshFlow } from '#libs/mesh/flow.js';
import { FlowResetError } from '#libs/mesh/flow.js';
import { FLOW_WINDOW_BYTES } from '#libs/mesh/settings.js';
import { agent, flowRequest } from '#test/support/mesh-store.js';
import { waitFor } from '#test/support/wait.js';
import { flowBetween, never, open, TestMesh, type TransportFactory } from './mesh.js';
import { codeOf, ending, failure, observe, type Seen } from './observe.js';

type Prepare = (resetter: MeshFlow, other: MeshFlow) => Promise<Seen>;

/** The state of the flow when it is reset. `other` is observed. */
const SITUATIONS: Readonly<Record<string, Prepare>> = {
  'while idle': async (_resetter, other) => observe(other),
  'with data buffered that nobody reads': async (resetter, other) => {
    const seen = observe(other, false);
    other.read(0);
    resetter.write(Buffer.alloc(300_000));
    await waitFor('data lies at the other end', () => other.readableLength > 0);
    return seen;
  },
  'with a stalled writer at each end': async (resetter, other) => {
    const seen = observe(other, false);
    resetter.read(0);
    other.read(0);
    for (const flow of [resetter, other]) for (let count = 0; count < 40; count += 1) flow.write(Buffer.alloc(65_536));
    await waitFor('both are held', () => other.readableLength > 0 && resetter.readableLength > 0);
    return seen;
  },
  'after the other end has ended its half': async (resetter, other) => {
    const seen = observe(other);
    const atResetter = observe(resetter);
    other.end('all I had to say');
    expect(await ending(atResetter)).to.equal('end');
    return seen;
  },
  'after its own half has ended': async (resetter, other) => {
    const seen = observe(other);
    resetter.end('all I had to say');
    expect(await ending(seen)).to.equal('end');
    return seen;
  },
  'after its own half has ended, unread': async (resetter, other) => {
    const seen = observe(other, false);
    other.read(0);
    resetter.end('all I had to say');
    await waitFor('the end lies at the other end', () => other.readableLength > 0 && resetter.writableFinished);
    return seen;
  },
  'in the middle of bulk': async (resetter, other) => {
    const seen = observe(other);
    const block = Buffer.alloc(65_536);
    const pour = () => {
      while (!resetter.destroyed && resetter.write(block));
    };
    resetter.on('drain', pour);
    pour();
    await waitFor('bulk arrives', () => seen.bytes > 2_000_000);
    return seen;
  },
};

const RESETS: Readonly<Record<string, (flow: MeshFlow) => void>> = {
  reset: (flow) => flow.reset('POLICY_CUT'),
  'destroy without an error': (flow) => flow.destroy(),
};

export function carriesResets(newTransport: TransportFactory): void {
  describe('resets', () => {
    let mesh: TestMesh;
    beforeEach(async () => {
      mesh = await TestMesh.create(newTransport);
    });
    afterEach(() => mesh.close());

    it('tells whether bytes are still to be sent', async () => {
      const [a, b] = await mesh.pair();
      const [one, other] = await flowBetween(a, b);
      expect(one.hasUnsent).to.equal(false);
      for (let count = 0; count < 40; count += 1) one.write(Buffer.alloc(65_536));
      await waitFor('the writer is held', () => other.readableLength > 0 || one.writableNeedDrain);
      expect(one.hasUnsent).to.equal(true);
      other.resume();
      await waitFor('all is sent', () => !one.hasUnsent);
    });

    for (const resetter of ['source', 'target'] as const) {
      for (const [situation, prepare] of Object.entries(SITUATIONS)) {
        for (const [way, reset] of Object.entries(RESETS)) {
          it(`${way} at the ${resetter} ${situation} is a reset at the other end`, async () => {
            const [a, b] = await mesh.pair();
            const ends = await flowBetween(a, b);
            const [one, other] = resetter === 'source' ? ends : [ends[1], ends[0]];
            const seen = await prepare(one, other);
            const endedBefore = seen.ended;
            reset(one);
            await waitFor('the other end is closed', () => seen.closed);
            expect(seen.error).to.be.instanceOf(FlowResetError);
            expect(seen.ended).to.equal(endedBefore);
            expect(seen.bytesAfterError).to.equal(0);
            expect(other.read()).to.equal(null);
          });
        }
      }
    }

    it('tells the end that reset its own code', async () => {
      const [a, b] = await mesh.pair();
      const [source] = await flowBetween(a, b);
      const seen = observe(source);
      source.reset('POLICY_CUT');
      expect(await ending(seen)).to.equal('POLICY_CUT');
    });

    for (const resetter of ['source', 'target'] as const) {
      it(`keeps the session through 3,000 resets by the ${resetter}`, async () => {
        const [a, b] = await mesh.pair();
        const [keptSource, keptTarget] = await flowBetween(a, b);
        const kept = observe(keptTarget);
        b.onFlow((flow) => {
          const target = flow.accept(1);
          target.on('error', () => undefined);
          if (resetter === 'target') target.reset('NO');
        });
        for (let round = 0; round < 30; round += 1) {
          await Promise.all(
            Array.from({ length: 100 }, async () => {
              const flow = await open(a, b);
              const seen = observe(flow);
              if (resetter === 'source') flow.reset('NO');
              await ending(seen);
            }),
          );
        }
        keptSource.end('still here');
        expect(await ending(kept)).to.equal('end');
        expect(a.dials()).to.equal(1);
      });
    }

    for (const writer of ['source', 'target'] as const) {
      it(`keeps the session through 400 resets by the reader while the ${writer} sends all it may`, async () => {
        const [a, b] = await mesh.pair();
        const keptEnds = await flowBetween(a, b);
        const kept = observe(keptEnds[1]);
        const play = (flow: MeshFlow, role: 'source' | 'target') => {
          flow.on('error', () => undefined);
          if (role === writer) flow.write(Buffer.alloc(2 * FLOW_WINDOW_BYTES));
          else flow.once('data', () => flow.reset('ENOUGH'));
        };
        b.onFlow((flow) => play(flow.accept(1), 'target'));
        for (let round = 0; round < 20; round += 1) {
          await Promise.all(
            Array.from({ length: 20 }, async () => {
              const flow = await open(a, b);
              const seen = observe(flow, false);
              play(flow, 'source');
              await ending(seen);
            }),
          );
        }
        keptEnds[0].end('still here');
        expect(await ending(kept)).to.equal('end');
        expect(a.dials()).to.equal(1);
      });
    }

    it('keeps the session through 3,000 refusals', async () => {
      const [a, b] = await mesh.pair();
      b.onFlow((flow) => flow.refuse('DEFAULT_DENY', 'no rule allows it', 3));
      for (let round = 0; round < 30; round += 1) {
        const answers = await Promise.all(Array.from({ length: 100 }, () => failure(open(a, b))));
        expect(new Set(answers)).to.deep.equal(new Set(['DEFAULT_DENY']));
      }
      expect(a.dials()).to.equal(1);
    });

    it('tells the target that the source gave up before an answer', async () => {
      const [a, b] = await mesh.pair();
      const leaving = new AbortController();
      const asked = a.open(agent('host-b'), flowRequest(), leaving.signal).catch((error: unknown) => error);
      const incoming = await waitFor('the flow is asked for', () => b.waiting[0]);
      expect(incoming.signal.aborted).to.equal(false);
      leaving.abort(new Error('the client left'));
      expect(codeOf(await asked)).to.equal('Error: the client left');
      await waitFor('the target is told', () => incoming.signal.aborted);
      const flow = incoming.accept(1);
      expect(await ending(observe(flow))).to.equal('FLOW_RESET');
    });

    it('does not ask at all when the source has given up already', async () => {
      const [a, b] = await mesh.pair();
      await flowBetween(a, b);
      const gone = AbortSignal.abort(new Error('the client left'));
      expect(await failure(open(a, b, gone))).to.equal('Error: the client left');
      await flowBetween(a, b);
      expect(b.waiting.length).to.equal(0);
    });

    it('resets every flow at both ends when a node closes', async () => {
      const [a, b] = await mesh.pair();
      const [source, target] = await flowBetween(a, b);
      const [atSource, atTarget] = [observe(source), observe(target)];
      await b.close();
      expect(await ending(atSource)).to.equal('FLOW_RESET');
      expect(await ending(atTarget)).to.equal('MESH_CLOSED');
      expect(await failure(a.open(agent('host-b'), flowRequest(), never()))).to.equal('PEER_UNREACHABLE');
    });
  });
}
