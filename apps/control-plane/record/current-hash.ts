import type { AgentId } from '#libs/contracts/ids.js';
import type { Topology } from '#libs/policy/model.js';
import { digestOfTopology } from '#libs/policy/snapshot-digest.js';
import { expectedHash, isAmong, type NetworkRecord } from './network-record.js';
import { VersionHashes } from './version-hashes.js';

/** For networks that were read by a replay and have not changed since. */
const replayed = new WeakMap<Topology, VersionHashes>();

/** The hash of what this agent should hold of the network's current version. */
export function currentHash({ topology, last, digest, participants }: NetworkRecord, agentId: AgentId): string {
  const known = expectedHash(last, agentId);
  if (known !== null) return known;
  const hashes = replayed.get(topology) ?? new VersionHashes(topology, digest ?? digestOfTopology(topology));
  replayed.set(topology, hashes);
  return hashes.of(agentId, isAmong(participants, agentId));
}
