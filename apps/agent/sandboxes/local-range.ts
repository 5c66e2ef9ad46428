import { BlockList } from 'node:net';
import { ALREADY_GONE, ip, ipUnless } from './ip-command.js';

/** Makes a range local, so that listeners may bind every address of it. */
export async function makeLocal(range: string): Promise<void> {
  await ip('link', 'set', 'lo', 'up');
  await ip('route', 'replace', 'local', range, 'dev', 'lo');
}

/** Tells whether an IPv4 address is in the range, such as 10.80.0.0/16. */
export function isInRange(range: string): (address: string) => boolean {
  const block = new BlockList();
  const [network = '', prefix = '32'] = range.split('/');
  block.addSubnet(network, Number(prefix));
  return (address) => block.check(address);
}

export async function makeForeign(range: string): Promise<void> {
  await ipUnless(ALREADY_GONE, 'route', 'del', 'local', range, 'dev', 'lo');
}
