import { CodedError } from '#libs/contracts/errors.js';
import type { NetworkName } from '#libs/contracts/ids.js';
import { networkNotFound } from '../http/errors.js';
import type { Directory } from './directory.js';
import { isQuarantined, type NetworkRecord } from './network-record.js';
import { StreamUnreadableError } from './unreadable-event.js';

/** An admin cut the network off, so agents do not serve it. */
export class NetworkQuarantinedError extends CodedError {
  constructor(name: NetworkName, version: number) {
    super(
      'NETWORK_QUARANTINED',
      `network ${name} is quarantined since version ${version}: no agent serves it`,
      `gstacks network quarantine ${name} --lift`,
    );
  }
}

/** The existing network with this name. Error: NETWORK_NOT_FOUND. */
export function requireNetwork(directory: Directory, name: NetworkName): NetworkRecord {
  const record = directory.networkNamed(name);
  if (record === null) throw networkNotFound(name);
  return record;
}

/** As requireNetwork, if agents follow its stream. Errors: NETWORK_QUARANTINED, STREAM_UNREADABLE. */
export function requireServed(directory: Directory, name: NetworkName): NetworkRecord {
  const record = requireNetwork(directory, name);
  const { quarantinedSince } = record.topology;
  if (quarantinedSince !== null && isQuarantined(record)) throw new NetworkQuarantinedError(name, quarantinedSince);
  if (record.unreadable !== null) throw new StreamUnreadableError(`network ${name}`, record.unreadable);
  return record;
}
