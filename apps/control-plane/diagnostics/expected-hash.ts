import { compileForLocalNode } from '#libs/policy/compile-local.js';
import { snapshotHash } from '#libs/policy/snapshot-digest.js';
import type { Asked } from '../delivery/questions.js';
import { currentHash } from '../record/current-hash.js';
import type { NetworkRecord } from '../record/network-record.js';

/** The hash of what an agent or a local node has to hold of the network's present version. */
export function expectedHash(record: NetworkRecord, asked: Asked): string {
  if (asked.kind === 'agent') return currentHash(record, asked.agentId);
  return snapshotHash(compileForLocalNode(record.topology, asked.user));
}
