import type { Epoch, NetworkVersion } from '#libs/contracts/bus-messages.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { compile } from '#libs/topology/compile.js';
import type { Topology } from '#libs/topology/model.js';
import { snapshotHash } from '#libs/topology/snapshot-text.js';

type Held = Pick<NetworkVersion, 'epoch' | 'version' | 'hash'>;

/**
 * What is wrong when an agent holds something that this store never wrote; null when nothing is. A lower epoch is
 * history: the agent takes the present one.
 */
export function regressionOf(held: Held, agentId: AgentId, topology: Topology | null, epoch: Epoch): string | null {
  if (held.epoch.counter < epoch.counter) return null;
  if (held.epoch.counter > epoch.counter || held.epoch.id !== epoch.id) {
    return `${agentId} follows epoch ${held.epoch.counter} of another store, this one is at epoch ${epoch.counter}`;
  }
  if (topology === null) return `${agentId} holds a network that is not in this store`;
  if (held.version > topology.version) {
    return `${agentId} holds version ${held.version}, the store is at ${topology.version}`;
  }
  if (held.version === topology.version && held.hash !== snapshotHash(compile(topology, agentId))) {
    return `${agentId} holds another version ${held.version} than the store`;
  }
  return null;
}
