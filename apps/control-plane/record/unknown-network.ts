import { type NetworkId, parseNetworkName } from '#libs/contracts/ids.js';
import { MIN_STALENESS_SECONDS } from '#libs/contracts/values.js';
import type { Topology } from '#libs/policy/model.js';

/** What agents are sent for a network that is not in this store: nobody takes part. The name does not matter. */
export function unknownNetwork(networkId: NetworkId): Topology {
  return {
    networkId,
    name: parseNetworkName('released', 'name'),
    mode: 'agent_proxy',
    version: 1,
    maxStalenessSeconds: MIN_STALENESS_SECONDS,
    deleted: true,
    quarantinedSince: null,
    sandboxes: new Map(),
    aliases: new Map(),
    rules: new Map(),
    egressRules: new Map(),
    formerPublishers: new Map(),
    policyTests: new Map(),
  };
}
