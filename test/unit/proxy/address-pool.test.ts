import { expect } from 'chai';
import fc from 'fast-check';
import { type AliasName, type NetworkId, parseAliasName, parseNetworkId } from '#libs/contracts/ids.js';
import { createAddressPool, restoreAddressPool } from '#libs/data-plane/proxy/address-pool.js';
import { ADDRESS_REST_MS } from '#libs/data-plane/proxy/range-holdings.js';

const dev = parseNetworkId('d0', 'network');
const alias = (name: string): AliasName => parseAliasName(name, 'alias');
const NOON = 1_700_000_000_000;

describe('the proxy addresses of a host', () => {
  it('are one each, and stay', () => {
    const pool = createAddressPool('127.77.0.0/16');
    const names = Array.from({ length: 500 }, (_, index) => alias(`a${index}`));
    const addresses = names.map((name) => pool.assign(dev, name, NOON));
    expect(new Set(addresses).size).to.equal(names.length);
    expect(names.map((name) => pool.assign(dev, name, NOON + 1))).to.deep.equal(addresses);
    expect(names.map((name) => pool.addressOf(dev, name))).to.deep.equal(addresses);
    for (const address of addresses)
      expect(address)
        .to.match(/^127\.77\.\d+\.\d+$/)
        .and.not.match(/\.0$/);
  });

  it('are the same after a restart, saved as plain JSON', () => {
    const pool = createAddressPool('10.77.0.0/24');
    const api = pool.assign(dev, alias('api'), NOON);
    pool.assign(dev, alias('web'), NOON);
    pool.release(dev, alias('web'), NOON);
    const saved: unknown = JSON.parse(JSON.stringify(pool.save()));
    const restored = restoreAddressPool(saved, '10.77.0.0/24');
    expect(restored.addressOf(dev, alias('api'))).to.equal(api);
    expect(restored.addressOf(dev, alias('web'))).to.equal(null);
    expect(restored.save()).to.deep.equal(saved);
  });

  it('are given up when the range no longer holds them', () => {
    const pool = createAddressPool('10.77.0.0/24');
    pool.assign(dev, alias('api'), NOON);
    const restored = restoreAddressPool(pool.save(), '10.78.0.0/24');
    expect(restored.addressOf(dev, alias('api'))).to.equal(null);
    expect(restored.assign(dev, alias('api'), NOON)).to.match(/^10\.78\.0\./);
  });

  it('rest for ten minutes before another alias has them, and are given back to their own at once', () => {
    const pool = createAddressPool('10.77.0.0/30');
    const [one, two] = [pool.assign(dev, alias('one'), NOON), pool.assign(dev, alias('two'), NOON)];
    expect([one, two].sort()).to.deep.equal(['10.77.0.1', '10.77.0.2']);
    pool.release(dev, alias('one'), NOON);
    expect(pool.addressOf(dev, alias('one'))).to.equal(null);
    expect(() => pool.assign(dev, alias('three'), NOON + ADDRESS_REST_MS - 1))
      .to.throw(/10\.77\.0\.0\/30 is in use/)
      .that.includes({ code: 'ADDRESS_RANGE_EXHAUSTED' })
      .and.has.property('remedy')
      .that.includes('GLOBALSTACKS_AGENT_MESH_PROXY_BIND');
    expect(pool.assign(dev, alias('one'), NOON + 1)).to.equal(one);
    pool.release(dev, alias('one'), NOON + 2);
    expect(pool.assign(dev, alias('three'), NOON + 2 + ADDRESS_REST_MS)).to.equal(one);
    expect(pool.addressOf(dev, alias('one'))).to.equal(null);
  });

  it('do not go back to a former holder while another alias has them, or had them lately', () => {
    const pool = createAddressPool('10.77.0.0/30');
    const one = pool.assign(dev, alias('one'), NOON);
    const two = pool.assign(dev, alias('two'), NOON);
    pool.release(dev, alias('one'), NOON);
    expect(pool.assign(dev, alias('three'), NOON + ADDRESS_REST_MS)).to.equal(one);
    expect(() => pool.assign(dev, alias('one'), NOON + ADDRESS_REST_MS)).to.throw(/in use/);
    pool.release(dev, alias('three'), NOON + ADDRESS_REST_MS);
    expect(() => pool.assign(dev, alias('one'), NOON + ADDRESS_REST_MS + 1)).to.throw(
      /in use \(1 were freed in the last ten minutes/,
    );
    pool.release(dev, alias('two'), NOON);
    expect(pool.assign(dev, alias('one'), NOON + ADDRESS_REST_MS + 1)).to.equal(two);
    expect(JSON.stringify(pool.save())).to.not.include('"two"');
  });

  it('leave out the first and last of a range, and any that ends in .0', () => {
    const pool = createAddressPool('10.77.0.0/23');
    const given = new Set(Array.from({ length: 509 }, (_, index) => pool.assign(dev, alias(`a${index}`), NOON)));
    expect(given.has('10.77.0.0')).to.equal(false);
    expect(given.has('10.77.1.0')).to.equal(false);
    expect(given.has('10.77.1.255')).to.equal(false);
    expect(() => pool.assign(dev, alias('one-more'), NOON)).to.throw(/in use/);
  });

  it('are one and the same when only one can be bound', () => {
    for (const range of ['127.0.0.1', '127.0.0.1/32']) {
      const pool = createAddressPool(range);
      expect(pool.assign(dev, alias('api'), NOON)).to.equal('127.0.0.1');
      expect(pool.assign(dev, alias('web'), NOON)).to.equal('127.0.0.1');
      pool.release(dev, alias('web'), NOON);
      expect(pool.addressOf(dev, alias('api'))).to.equal('127.0.0.1');
    }
  });

  it('are never shared by two aliases, nor taken early, in any order of assigning and releasing', () => {
    const step = fc.record({
      kind: fc.constantFrom('assign', 'release', 'restart', 'wait'),
      network: fc.constantFrom<NetworkId>(dev, parseNetworkId('e0', 'network')),
      name: fc.integer({ min: 0, max: 9 }).map((number) => alias(`a${number}`)),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let pool = createAddressPool('10.77.0.0/28');
        let nowMs = NOON;
        const held = new Map<string, string>();
        const lastHeld = new Map<string, { owner: string; untilMs: number }>();
        for (const { kind, network, name } of steps) {
          const owner = `${network}/${name}`;
          if (kind === 'wait') nowMs += ADDRESS_REST_MS / 3;
          else if (kind === 'restart')
            pool = restoreAddressPool(JSON.parse(JSON.stringify(pool.save())), '10.77.0.0/28');
          else if (kind === 'release') {
            pool.release(network, name, nowMs);
            const address = held.get(owner);
            if (address !== undefined) lastHeld.set(address, { owner, untilMs: nowMs + ADDRESS_REST_MS });
            held.delete(owner);
          } else {
            let address: string;
            try {
              address = pool.assign(network, name, nowMs);
            } catch {
              continue;
            }
            for (const [other, taken] of held) if (other !== owner) expect(taken).to.not.equal(address);
            const last = lastHeld.get(address);
            if (last !== undefined && last.owner !== owner) expect(nowMs).to.be.at.least(last.untilMs);
            held.set(owner, address);
          }
        }
        for (const [owner, address] of held) {
          const [network, name] = owner.split('/');
          expect(pool.addressOf(parseNetworkId(network, 'network'), alias(name ?? ''))).to.equal(address);
        }
      }),
    );
  });

  for (const range of ['', '127.77.0.0/33', '127.77.0.1/16', '300.0.0.0/8', 'fd00::/8', '10.0.0.0/8/8', 'lo', null]) {
    it(`refuse ${JSON.stringify(range)} as a range`, () => {
      expect(() => createAddressPool(range as string)).to.throw(/GLOBALSTACKS_AGENT_MESH_PROXY_BIND/);
    });
  }

  for (const saved of [null, 'x', {}, { format: 2, holdings: [] }, { format: 1, holdings: [{ alias: 'UP' }] }]) {
    it(`refuse ${JSON.stringify(saved)} as what was saved`, () => {
      expect(() => restoreAddressPool(saved, '127.77.0.0/16')).to.throw(/saved/);
    });
  }
});
