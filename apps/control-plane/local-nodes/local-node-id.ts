import { createHash } from 'node:crypto';
import { type LocalNodeId, type NetworkId, parseLocalNodeId, type UserName } from '#libs/contracts/ids.js';

const LONGEST_NAME = 40;
const HASH_DIGITS = 10;

/**
 * The id of a machine in a network: readable, and different for each user, network and key, so that nobody can renew
 * another's join.
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
