import type { Topology } from '#libs/policy/model.js';
import { compareText } from '#libs/policy/order.js';
import type { DomainError } from '../decision.js';
import { detachment } from './attachment.js';
import type { NetworkCommandOf, NetworkDecision } from './commands.js';
import { NetworkExistsError, NetworkNotEmptyError, NetworkNotFoundError } from './refusals.js';

/** The network, if it exists and was not deleted. */
export function existing(network: Topology | null): Topology | DomainError {
  if (network === null) return new NetworkNotFoundError(null);
  return network.deleted ? new NetworkNotFoundError(network.name) : network;
}

/** A network's id is never reused, not even after the network is deleted. */
export function createNetwork(
  { networkId, name, mode, maxStalenessSeconds }: NetworkCommandOf<'CreateNetwork'>,
  network: Topology | null,
): NetworkDecision<'CreateNetwork'> {
  if (network !== null) return new NetworkExistsError(network.name);
  return {
    events: [{ type: 'NetworkCreated', data: { networkId, name, mode, maxStalenessSeconds } }],
    result: { networkId, name },
    warnings: [],
    unchangedSince: null,
  };
}

export function deleteNetwork(
  { detachAll }: NetworkCommandOf<'DeleteNetwork'>,
  network: Topology,
): NetworkDecision<'DeleteNetwork'> {
  const attached = [...network.sandboxes.keys()].sort(compareText);
  if (attached.length > 0 && !detachAll) return new NetworkNotEmptyError(network.name, attached);
  return {
    events: [
      ...attached.flatMap((sandboxId) => detachment(network, sandboxId).events),
      { type: 'NetworkDeleted', data: {} },
    ],
    result: { detached: attached },
    warnings: [],
    unchangedSince: null,
  };
}
