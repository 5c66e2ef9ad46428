import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { expect } from 'chai';
import { askOverUdp } from '#libs/data-plane/dns/exchange.js';

describe('a question to a resolver over UDP', () => {
  let resolver: Socket;
  const ports: number[] = [];

  before(async () => {
    resolver = createSocket('udp4');
    resolver.on('message', (message, { port, address }) => {
      ports.push(port);
      resolver.send(message, port, address);
    });
    resolver.bind(0, '127.0.0.1');
    await once(resolver, 'listening');
  });

  after(() => void resolver.close());

  // RFC 5452 section 4.5: an attacker who forges an answer must guess the port as well as the id.
  it('comes from a port of its own each time', async () => {
    const server = { family: 4, address: '127.0.0.1', port: resolver.address().port } as const;
    for (let number = 0; number < 40; number += 1) {
      const question = Buffer.from(`question ${number}`);
      const answer = await askOverUdp(
        server,
        question,
        (message) => message.equals(question),
        AbortSignal.timeout(10_000),
      );
      expect(answer.equals(question)).to.equal(true);
    }
    // The kernel chooses among 28,000 ports: 40 choices practically always give at least 30 different ones, and not in
    // sequence.
    const steps = ports.slice(1).map((port, index) => port - (ports[index] ?? 0));
    expect(new Set(ports).size).to.be.at.least(30);
    expect(new Set(steps).size).to.be.at.least(10);
  });
});
