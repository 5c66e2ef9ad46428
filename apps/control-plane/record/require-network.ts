import type { NetworkName } from '#libs/contracts/ids.js';
import { networkNotFound } from '../http/errors.js';
import type { Directory } from './directory.js';
import type { NetworkRecord } from './network-record.js';

/** The network of this name that exists now. Error: NETWORK_NOT_FOUND. */
export function requireNetwork(directory: Directory, name: NetworkName): NetworkRecord {
  const record = directory.networkNamed(name);
  if (record === null) throw networkNotFound(name);
  return record;
}
