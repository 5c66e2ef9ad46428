import { expect } from 'chai';
import { addressOctets } from '#libs/data-plane/dns/address-block.js';
import { AddressNames } from '#libs/data-plane/dns/address-names.js';
import { wireName } from '#libs/data-plane/dns/zone-index.js';

const [API, WEB] = [wireName('api.dev.gstacks'), wireName('web.dev.gstacks')];

describe('the names of an address', () => {
  const namesAt = (names: AddressNames, address: string) =>
    names.of(addressOctets(address)).map((name) => name.toString('latin1'));

  for (const isAsked of [false, true]) {
    it(`are those that have it now, ${isAsked ? 'also after they were asked for' : 'when they are asked for first'}`, () => {
      const names = new AddressNames();
      names.put(API, '127.77.0.1');
      names.put(WEB, '127.77.0.1');
      if (isAsked) expect(namesAt(names, '127.77.0.1')).to.deep.equal([API, WEB]);
      names.put(API, null);
      names.put(WEB, '127.77.0.2');
      expect([namesAt(names, '127.77.0.1'), namesAt(names, '127.77.0.2')]).to.deep.equal([[], [WEB]]);
    });
  }
});
