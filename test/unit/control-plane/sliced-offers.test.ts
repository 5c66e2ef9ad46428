import { expect } from 'chai';
import { agentReceiver, type Receiver, recipientOf } from '#apps/control-plane/delivery/receiver.js';
import { SlicedOffers } from '#apps/control-plane/delivery/sliced-offers.js';
import { parseAgentId, parseNetworkId } from '#libs/contracts/ids.js';
import { waitFor } from '#test/support/wait.js';

const LARGE = parseNetworkId('abc', 'network');
const SMALL = parseNetworkId('def', 'network');
const AGENTS = 500;
const OFFER_MS = 0.1;

describe('offers to many receivers', () => {
  const agents = (count: number): ReadonlyMap<string, Receiver> => {
    const receivers = Array.from({ length: count }, (_, index) =>
      agentReceiver(parseAgentId(`host-${index}`, 'agent')),
    );
    return new Map(receivers.map((receiver) => [recipientOf(receiver), receiver]));
  };

  /** Each offer takes as long as signing and sending a version. */
  function offersOf() {
    const offered: string[] = [];
    const offers = new SlicedOffers((networkId, receiver) => {
      const until = performance.now() + OFFER_MS;
      while (performance.now() < until);
      offered.push(`${networkId} ${recipientOf(receiver)}`);
    });
    return { offered, offers };
  }

  it('makes the first at once, and lets others run before the last', async () => {
    const { offered, offers } = offersOf();
    let others = 0;
    const timer = setInterval(() => {
      others += 1;
    }, 1);
    offers.add(LARGE, agents(AGENTS));
    expect(offered[0]).to.equal('abc host-0');
    expect(offered.length).to.be.lessThan(AGENTS);
    await waitFor('all are offered it', () => offered.length === AGENTS);
    clearInterval(timer);
    expect(others).to.be.greaterThan(2);
    expect(new Set(offered).size).to.equal(AGENTS);
  });

  it('does not let a network of few agents wait for one of many', async () => {
    const { offered, offers } = offersOf();
    offers.add(LARGE, agents(AGENTS));
    offers.add(SMALL, agents(3));
    await waitFor('all are offered it', () => offered.length === AGENTS + 3);
    expect(offered.lastIndexOf('def host-2')).to.be.lessThan(AGENTS / 2);
  });

  it('offers a network once to a receiver that is added again meanwhile', async () => {
    const { offered, offers } = offersOf();
    offers.add(LARGE, agents(AGENTS));
    offers.add(LARGE, new Map([...agents(AGENTS)].slice(-1)));
    await waitFor('all are offered it', () => offered.includes(`abc host-${AGENTS - 1}`));
    expect(offered.length).to.equal(AGENTS);
  });

  it('drops the rest when it is closed', async () => {
    const { offered, offers } = offersOf();
    offers.add(LARGE, agents(AGENTS));
    await offers.close();
    expect(offered.length).to.be.lessThan(AGENTS);
  });
});
