import { expect } from 'chai';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { type FlowId, parseFlowId, parseNetworkId } from '#libs/contracts/ids.js';
import { Acknowledgements, MOST_FLOWS_A_MESSAGE } from '#libs/member/acknowledgements.js';
import { waitFor } from '#test/support/wait.js';

const NETWORK = parseNetworkId('0a', 'network');

function applied(to: number, networkId = NETWORK, flowsCut: readonly FlowId[] = []): AppliedMessage {
  const version = { epoch: { counter: 1, id: 'one' }, from: to - 1, hash: '', signature: null };
  const base = { protocol: BUS_PROTOCOL, ...version, code: null };
  return { ...base, networkId, to, outcome: 'applied', message: null, aliasFailures: [], flowsCut, appliedAt: '' };
}

describe('acknowledgements', () => {
  it('are delivered in order, one at a time, and kept until answered', async () => {
    const waiting: (() => void)[] = [];
    const sent: number[] = [];
    const acknowledgements = new Acknowledgements({
      deliver: ({ to }) => {
        sent.push(to);
        return new Promise((resolve) => waiting.push(resolve));
      },
      failed: () => {},
    });
    acknowledgements.add(applied(1));
    acknowledgements.add(applied(2));
    expect(sent).to.deep.equal([1]);
    expect(acknowledgements.unanswered(NETWORK).map(({ to }) => to)).to.deep.equal([1, 2]);
    waiting[0]?.();
    await waitFor('the second goes out', () => sent.length === 2);
    waiting[1]?.();
    await waitFor('all are answered', () => acknowledgements.unanswered(NETWORK).length === 0);
    expect(acknowledgements.latest().map(({ to }) => to)).to.deep.equal([2]);
    acknowledgements.repeat(NETWORK);
    expect(sent).to.deep.equal([1, 2, 2]);
    waiting[2]?.();
    await acknowledgements.close();
  });

  it('do not hold up those of another network', async () => {
    const sent: string[] = [];
    const acknowledgements = new Acknowledgements({
      deliver: (message, signal) => {
        sent.push(message.networkId);
        return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
      failed: () => {},
    });
    acknowledgements.add(applied(1));
    acknowledgements.add(applied(1, parseNetworkId('0b', 'network')));
    expect(sent).to.deep.equal(['0a', '0b']);
    await acknowledgements.close();
  });

  it('are sent again after a failure', async () => {
    let attempts = 0;
    const failures: unknown[] = [];
    const acknowledgements = new Acknowledgements({
      deliver: async () => {
        attempts += 1;
        if (attempts === 1) throw new Error('not now');
      },
      failed: (_message, error) => failures.push(error),
    });
    acknowledgements.add(applied(1));
    await waitFor('answered', () => acknowledgements.unanswered(NETWORK).length === 0);
    expect([attempts, failures.length]).to.deep.equal([2, 1]);
    await acknowledgements.close();
  });

  it('of more flows than a message carries become several, which say the same of the version', async () => {
    const sent: AppliedMessage[] = [];
    const acknowledgements = new Acknowledgements({
      deliver: async (message) => void sent.push(message),
      failed: () => {},
    });
    const flows = Array.from({ length: MOST_FLOWS_A_MESSAGE + 1 }, (_, index) =>
      parseFlowId(index.toString(16).padStart(32, '0'), 'flow'),
    );
    acknowledgements.add(applied(3, NETWORK, flows));
    await waitFor('all sent', () => sent.length === 2);
    expect(sent.flatMap(({ flowsCut }) => flowsCut)).to.deep.equal(flows);
    expect(sent.map(({ from, to }) => [from, to])).to.deep.equal([
      [2, 3],
      [2, 3],
    ]);
    await acknowledgements.close();
  });
});
