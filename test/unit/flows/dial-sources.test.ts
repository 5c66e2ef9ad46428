import { expect } from 'chai';
import { parseAliasName, parseNetworkId } from '#libs/contracts/ids.js';
import { dialSources, SourceTurns } from '#libs/data-plane/flows/dial-sources.js';
import { createAddressPool, restoreAddressPool } from '#libs/data-plane/proxy/address-pool.js';

describe('the source addresses of dials', () => {
  const ranges: readonly (readonly [string, number, readonly string[]])[] = [
    ['10.77.0.0/16', 3, ['10.77.255.254', '10.77.255.253', '10.77.255.252']],
    ['10.77.0.0/23', 2, ['10.77.1.254', '10.77.1.253']],
    ['10.77.0.0/28', 64, ['10.77.0.14', '10.77.0.13']],
    ['10.77.0.4/30', 64, []],
    ['10.77.0.1', 64, []],
  ];
  for (const [range, most, expected] of ranges) {
    it(`are the last of ${range}, ${most} at most and no more than an eighth of it`, () => {
      expect(dialSources(range, most)).to.deep.equal(expected);
    });
  }

  it('are given to no alias, also to none that had one before', () => {
    const range = '10.77.0.0/28';
    const network = parseNetworkId('0001', 'network');
    const names = Array.from({ length: 14 }, (_, number) => parseAliasName(`a${number}`, 'alias'));
    const before = createAddressPool(range);
    for (const name of names) before.assign(network, name, 0);
    const reserved = dialSources(range, 2);
    const after = restoreAddressPool(before.save(), range, (address) => reserved.includes(address));
    const kept = names.map((name) => after.addressOf(network, name)).filter((address) => address !== null);
    expect(kept).to.have.length(12);
    expect(kept).to.not.include.members([...reserved]);
    const moved = names.find((name) => after.addressOf(network, name) === null) ?? names[0];
    if (moved === undefined) throw new Error('there are names');
    expect(() => after.assign(network, moved, 0)).to.throw('every proxy address');
  });

  it('take turns, and end with the choice of the kernel', () => {
    const turns = new SourceTurns(['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5']);
    expect(turns.turn('10.1.0.1')).to.deep.equal(['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', null]);
    expect(turns.turn('10.1.0.1')[0]).to.equal('10.0.0.2');
    expect(turns.turn('10.1.0.1')[0]).to.equal('10.0.0.3');
  });

  const targets: readonly (readonly [string, string, readonly (string | null)[]])[] = [
    ['127.77.0.9', '127.0.0.11', ['127.77.0.9', null]],
    ['127.77.0.9', '192.0.2.1', [null]],
    ['10.77.0.9', '127.0.0.11', [null]],
    ['10.77.0.9', 'fd00::1', [null]],
  ];
  for (const [source, target, expected] of targets) {
    it(`from ${source} to ${target}: ${expected.map((address) => address ?? 'as the kernel chooses').join(', else ')}`, () => {
      expect(new SourceTurns([source]).turn(target)).to.deep.equal(expected);
    });
  }
});
