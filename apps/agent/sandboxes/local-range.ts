import { addressNumber, parseAddressRange } from '#libs/data-plane/proxy/address-range.js';
import { ALREADY_GONE, ip, ipUnless } from './ip-command.js';

/** Makes a range local to the host, so that listeners can bind each of its addresses. */
export async function makeLocal(range: string): Promise<void> {
  await ip('link', 'set', 'lo', 'up');
  await ip('route', 'replace', 'local', range, 'dev', 'lo');
}

/** A function that says whether an IPv4 address is in the range, such as 10.80.0.0/16. */
export function isInRange(range: string): (address: string) => boolean {
  const { first, size } = parseAddressRange(range, 'range');
  return (address) => {
    const offset = addressNumber(address) - first;
    return offset >= 0 && offset < size;
  };
}

export async function makeForeign(range: string): Promise<void> {
  await ipUnless(ALREADY_GONE, 'route', 'del', 'local', range, 'dev', 'lo');
}
