import { expect } from 'chai';
import { FairQueues, type Turn } from '#libs/async/fair-queues.js';
import { FlowRig, outcomeOf, type RigOptions } from '#test/support/flow-rig.js';

/**
 * More than a source may waste at once; the clock does not advance, so its allowance does not grow. A connection that
 * is reset before the proxy has accepted it has no address any more, and is not counted.
 */
const CONNECTIONS = 600;
const AT_ONCE = 25;

describe('a source whose connections', () => {
  let rig: FlowRig;

  afterEach(() => rig.close());

  /** Whether one of its connections is held back. */
  async function isHeldBack(serve: RigOptions['serve'], isDenied: boolean): Promise<boolean> {
    const asked: Turn[] = [];
    const turns = new (class extends FairQueues {
      override add(turn: Turn, task: () => Promise<void>): boolean {
        asked.push(turn);
        return super.add(turn, task);
      }
    })(CONNECTIONS);
    rig = await FlowRig.start({ target: 'same host', serve, seams: { turns, monotonicMs: () => 0 } });
    rig.apply(isDenied ? rig.denyingView(1) : rig.view(1));
    const isOne = () => asked.slice(-AT_ONCE).some((turn) => turn.isHeldBack?.());
    for (let count = 0; count < CONNECTIONS && !isOne(); count += AT_ONCE) {
      await Promise.all(Array.from({ length: AT_ONCE }, () => outcomeOf(rig.connect())));
    }
    return isOne();
  }

  it('are refused again and again is held back', async () => {
    expect(await isHeldBack(() => {}, true)).to.equal(true);
  });

  it('are reset by its clients before a byte has passed is held back', async () => {
    const resetOne = () => rig.clients[rig.targets.length - 1]?.resetAndDestroy();
    expect(await isHeldBack(resetOne, false)).to.equal(true);
  });

  it('carry a byte is not, however many it makes', async () => {
    expect(await isHeldBack((socket) => socket.end('x'), false)).to.equal(false);
  });
});
