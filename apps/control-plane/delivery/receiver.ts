import {
  agentSubject,
  localNodeRecipient,
  localNodeSubject,
  type ToAgent,
  type ToLocalNode,
} from '#libs/contracts/bus/subjects.js';
import type { AgentId, LocalNodeId, UserName } from '#libs/contracts/ids.js';
import { compile, compileTree } from '#libs/policy/compile.js';
import { compileForLocalNode } from '#libs/policy/compile-local.js';
import type { Snapshot, Topology } from '#libs/policy/model.js';
import { type SnapshotTree, snapshotHash, treeOf } from '#libs/policy/snapshot-digest.js';
import { currentHash } from '../record/current-hash.js';
import type { NetworkRecord } from '../record/network-record.js';

export type AgentReceiver = { readonly kind: 'agent'; readonly agentId: AgentId };
export type LocalNodeReceiver = { readonly kind: 'local-node'; readonly nodeId: LocalNodeId; readonly user: UserName };

/** A member as the control plane addresses it: it gets signed snapshots, and is asked for checks. */
export type Receiver = AgentReceiver | LocalNodeReceiver;

export function agentReceiver(agentId: AgentId): AgentReceiver {
  return { kind: 'agent', agentId };
}

export function localNodeReceiver({ nodeId, user }: Omit<LocalNodeReceiver, 'kind'>): LocalNodeReceiver {
  return { kind: 'local-node', nodeId, user };
}

/** The recipient that its snapshots are signed for; unique among members. */
export function recipientOf(receiver: Receiver): string {
  return receiver.kind === 'agent' ? receiver.agentId : localNodeRecipient(receiver.nodeId);
}

/** The member's name in logs. */
export function nameOf(receiver: Receiver): string {
  return receiver.kind === 'agent' ? `agent ${receiver.agentId}` : `local node ${receiver.nodeId}`;
}

/** The bus subject of a message to this member. */
export function subjectOf(receiver: Receiver, message: ToAgent & ToLocalNode): string {
  if (receiver.kind === 'agent') return agentSubject(receiver.agentId, message);
  return localNodeSubject(receiver.nodeId, message);
}

/** The snapshot of a network that this member needs. */
export function compileFor(receiver: Receiver, topology: Topology): Snapshot {
  if (receiver.kind === 'agent') return compile(topology, receiver.agentId);
  return compileForLocalNode(topology, receiver.user);
}

/** As `treeOf(compileFor(receiver, topology))`. */
export function compileTreeFor(receiver: Receiver, topology: Topology): SnapshotTree {
  if (receiver.kind === 'agent') return compileTree(topology, receiver.agentId);
  return treeOf(compileFor(receiver, topology));
}

/** The hash of the snapshot that this member should hold of the network's present version. */
export function hashFor(receiver: Receiver, record: NetworkRecord): string {
  if (receiver.kind === 'agent') return currentHash(record, receiver.agentId);
  return snapshotHash(compileFor(receiver, record.topology));
}
