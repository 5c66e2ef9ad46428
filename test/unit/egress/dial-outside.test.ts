import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { expect } from 'chai';
import { parseOutsideName } from '#libs/contracts/outside-names.js';
import { createOutsideDialer } from '#libs/data-plane/egress/dial-outside.js';
import { createRefusedAddresses } from '#libs/data-plane/egress/refused-addresses.js';
import { TargetUnreachableError } from '#libs/data-plane/flows/dial.js';
import { freePort } from '#test/support/ports.js';

const name = parseOutsideName('packages.example.com', 'name');
const GIVEN_UP_MS = 10_000;

/** A dialler of a name whose addresses are these in turn, one answer for each look-up. */
function dialerOf(...answers: readonly (readonly string[])[]) {
  const refused: string[] = [];
  let asked = 0;
  const dialer = createOutsideDialer({
    addressesOf: async () => {
      asked += 1;
      return answers[(asked - 1) % answers.length] ?? [];
    },
    isRefused: createRefusedAddresses(['127.77.0.0/16']),
    refused: (_name, addresses) => void refused.push(...addresses),
  });
  return { dialer, refused, asked: () => asked };
}

describe('the dial of a name outside', () => {
  let port: number;
  let fourOnly: number;
  const servers: Server[] = [];
  const heard: string[] = [];

  before(async () => {
    port = await freePort();
    fourOnly = await freePort();
    const places = ['127.0.0.21', '127.0.0.22', '127.77.0.1', '::1'].map((address) => [address, port] as const);
    for (const [address, at] of [...places, ['127.0.0.22', fourOnly] as const]) {
      const server = createServer((socket) => {
        heard.push(address);
        socket.on('error', () => {}).end();
      }).listen(at, address);
      servers.push(server);
      await once(server, 'listening');
    }
  });

  beforeEach(() => {
    heard.length = 0;
  });

  after(() => {
    for (const server of servers) server.close();
  });

  /** The address that was dialled, or why there was none. */
  async function dial(
    { dialer }: ReturnType<typeof dialerOf>,
    { mayBePrivate = true, at = port } = {},
  ): Promise<string> {
    try {
      const { stream } = await dialer.dial(
        { name, port: at, mayBePrivate },
        AbortSignal.timeout(GIVEN_UP_MS),
        'sandbox sbx-1',
      );
      const address = 'remoteAddress' in stream ? String(stream.remoteAddress) : '';
      stream.destroy();
      return address;
    } catch (error) {
      if (error instanceof TargetUnreachableError) return error.code;
      throw error;
    }
  }

  it('goes to the address that was checked, also when the name leads elsewhere a moment later', async () => {
    const rebinding = dialerOf(['127.0.0.21'], ['127.77.0.1']);
    for (let round = 0; round < 10; round += 1) {
      expect(await dial(rebinding)).to.equal(round % 2 === 0 ? '127.0.0.21' : 'TARGET_FORBIDDEN');
    }
    // Once for each dial: there is no second answer that could differ from the checked one.
    expect(rebinding.asked()).to.equal(10);
    expect(heard).to.not.include('127.77.0.1');
    expect(rebinding.refused).to.deep.equal(Array(5).fill('127.77.0.1'));
  });

  it('passes over addresses that are refused, in every form, and tells of them', async () => {
    const bad = ['127.77.0.1', '::ffff:127.77.0.1', '64:ff9b::7f4d:1', '2002:7f4d:1::', 'fe80::1', '169.254.169.254'];
    const mixed = dialerOf([...bad, '127.0.0.22']);
    expect(await dial(mixed)).to.equal('127.0.0.22');
    expect(mixed.refused).to.deep.equal(bad);
    expect(await dial(dialerOf(bad))).to.equal('TARGET_FORBIDDEN');
    expect(await dial(dialerOf(['127.0.0.21', '::1']), { mayBePrivate: false })).to.equal('TARGET_FORBIDDEN');
    expect(heard).to.deep.equal(['127.0.0.22']);
  });

  it('tries IPv6 first, then the families in turn, until one is answered: RFC 8305', async () => {
    expect(await dial(dialerOf(['::1', '127.0.0.21']))).to.equal('::1');
    // Nothing listens on this port over IPv6.
    expect(await dial(dialerOf(['::1', '127.0.0.22']), { at: fourOnly })).to.equal('127.0.0.22');
    expect(await dial(dialerOf(['::1', '127.0.0.9', '127.0.0.22']), { at: fourOnly })).to.equal('127.0.0.22');
    expect(await dial(dialerOf(['::1', '127.0.0.9']), { at: fourOnly })).to.equal('TARGET_REFUSED');
    expect(await dial(dialerOf(['::1', '127.0.0.9']))).to.equal('::1');
    expect(await dial(dialerOf(['127.0.0.9']))).to.equal('TARGET_REFUSED');
    expect(await dial(dialerOf(['127.0.0.9', '127.0.0.8']))).to.equal('TARGET_REFUSED');
  });

  it('makes 300 connections without an error while the name changes its addresses', async () => {
    const changing = dialerOf(['127.0.0.21'], ['127.0.0.22', '::1'], ['::1', '127.0.0.21'], ['127.0.0.22']);
    const reached = new Set<string>();
    for (let left = 300; left > 0; left -= 20) {
      for (const address of await Promise.all(Array.from({ length: 20 }, () => dial(changing)))) reached.add(address);
    }
    expect([...reached].sort()).to.deep.equal(['127.0.0.21', '127.0.0.22', '::1']);
  });
});
