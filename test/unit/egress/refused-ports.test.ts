import { expect } from 'chai';
import { RefusedPorts } from '#apps/agent/egress/refused-ports.js';
import { parseRefused, type RefusedConnections } from '#apps/agent/sandboxes/firewall/refused-ports.js';

const LISTING = `table inet gs_test {
	set refused_ports {
		typeof ip saddr . ip daddr . tcp dport
		size 1024
		flags dynamic,timeout
		timeout 3m
		elements = { 10.76.0.2 . 10.77.0.3 . 8443 expires 2m58s996ms counter packets 2 bytes 120,
			     10.76.0.6 . 10.77.0.4 . 22 timeout 3m expires 2m59s counter packets 1 bytes 60 }
	}
}
`;

describe('connections that the kernel refused', () => {
  it('are read from what nft lists', () => {
    expect(parseRefused(LISTING)).to.deep.equal([
      { source: '10.76.0.2', address: '10.77.0.3', port: 8443, count: 2 },
      { source: '10.76.0.6', address: '10.77.0.4', port: 22, count: 1 },
    ]);
    expect(parseRefused('')).to.deep.equal([]);
  });

  it('are told once each, also after the kernel began to count anew', async () => {
    const told: number[] = [];
    let count = 0;
    const read = async (): Promise<readonly RefusedConnections[]> =>
      count === 0 ? [] : [{ source: '10.76.0.2', address: '10.77.0.3', port: 8443, count }];
    const ports = new RefusedPorts(read, (refused) => void told.push(refused.count));
    for (const counted of [2, 2, 5, 1, 0, 4]) {
      count = counted;
      await ports.gather();
    }
    expect(told).to.deep.equal([2, 3, 1, 4]);
  });

  it('are told when they can be read again', async () => {
    const told: number[] = [];
    let fails = true;
    const ports = new RefusedPorts(
      async () => {
        if (fails) throw new Error('nft is away');
        return [{ source: '10.76.0.2', address: '10.77.0.3', port: 8443, count: 3 }];
      },
      (refused) => void told.push(refused.count),
    );
    expect(await ports.gather().catch((error: Error) => error.message)).to.equal('nft is away');
    fails = false;
    await ports.gather();
    expect(told).to.deep.equal([3]);
  });
});
