import { addressOctets } from './address-block.js';

/** The names of each address. They are indexed by address on the first reverse look-up: most zones get none. */
export class AddressNames {
  /** By name in wire form, one character an octet. */
  private readonly addresses = new Map<string, string>();
  private byAddress: Map<string, Set<string>> | null = null;

  /** Sets the address of a name. `address: null`: the name was removed, or has no address. */
  put(name: string, address: string | null): void {
    const before = this.addresses.get(name);
    if (before !== undefined) this.byAddress?.get(keyOf(addressOctets(before)))?.delete(name);
    if (address === null) {
      this.addresses.delete(name);
      return;
    }
    this.addresses.set(name, address);
    if (this.byAddress !== null) addTo(this.byAddress, name, address);
  }

  /** Names in wire form. */
  of(octets: Uint8Array): readonly Buffer[] {
    if (this.byAddress === null) {
      this.byAddress = new Map();
      for (const [name, address] of this.addresses) addTo(this.byAddress, name, address);
    }
    return [...(this.byAddress.get(keyOf(octets)) ?? [])].map((name) => Buffer.from(name, 'latin1'));
  }
}

function addTo(byAddress: Map<string, Set<string>>, name: string, address: string): void {
  const key = keyOf(addressOctets(address));
  byAddress.set(key, (byAddress.get(key) ?? new Set()).add(name));
}

function keyOf(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}
