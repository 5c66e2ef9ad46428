import { createHash } from 'node:crypto';
import { type LocalNodeId, type NetworkId, parseLocalNodeId, type UserName } from '#libs/contracts/ids.js';

const LONGEST_NAME = 40;
const HASH_DIGITS = 10;

/**
 * The id of a machine in a network: readable, and different for another user, network or key, so that nobody renews
 * what somebody else joined.
 */
export function localNodeIdFor(machine: string, user: UserName, networkId: NetworkId, nkey: string): LocalNodeId {
  const name = machine
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, LONGEST_NAME)
    .replace(/-+$/, '');
  const hash = createHash('sha256').update([machine, user, networkId, nkey].join('\n')).digest('hex');
  return parseLocalNodeId(`${name === '' ? 'node' : name}-${hash.slice(0, HASH_DIGITS)}`, 'node');
}
