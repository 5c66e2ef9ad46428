import type { AgentId, LocalNodeId } from '../ids.js';
import { APPLIED } from './from-member/applied.js';
import { HEARTBEAT } from './from-member/heartbeat.js';
import { HELLO } from './from-member/hello.js';
import { INVENTORY } from './from-member/inventory.js';
import { SYNC } from './from-member/sync.js';
import { DIAGNOSE } from './to-member/diagnose.js';
import { CONTROL } from './to-member/peers.js';
import { TOPOLOGY } from './to-member/topology.js';

/** Messages to an agent, which only that agent answers. */
export const TO_AGENT = [TOPOLOGY, DIAGNOSE, CONTROL] as const;
/** Messages from an agent, which the control plane answers. */
export const FROM_AGENT = [HELLO, HEARTBEAT, SYNC, APPLIED, INVENTORY] as const;

export type ToAgent = (typeof TO_AGENT)[number];
export type FromAgent = (typeof FROM_AGENT)[number];

export const AGENT_SUBJECT_PREFIX = 'gs.v1.agent';

/** `gs.v1.agent.<id>.<message>` */
export function agentSubject(agentId: AgentId, message: ToAgent | FromAgent): string {
  return `${AGENT_SUBJECT_PREFIX}.${agentId}.${message}`;
}

/** Subject on which the control plane gets this message from every agent. */
export function everyAgentSubject(message: FromAgent): string {
  return `${AGENT_SUBJECT_PREFIX}.*.${message}`;
}

/** The agent's id in a subject of the above form. The server lets an agent publish only on its own subjects. */
export function agentOfSubject(subject: string): string {
  return subject.split('.')[3] ?? '';
}

/** Inbox for replies to an agent's requests. */
export function agentInboxPrefix(agentId: AgentId): string {
  return `_INBOX.${agentId}`;
}

/** Inbox for replies to the control plane's requests. */
export const CONTROL_PLANE_INBOX_PREFIX = '_INBOX.control-plane';

/** Messages to a local node. */
export const TO_LOCAL_NODE = [TOPOLOGY, DIAGNOSE, CONTROL] as const;
/** Messages from a local node, which has no sandboxes to report. */
export const FROM_LOCAL_NODE = [HELLO, HEARTBEAT, SYNC, APPLIED] as const;

export type ToLocalNode = (typeof TO_LOCAL_NODE)[number];
export type FromLocalNode = (typeof FROM_LOCAL_NODE)[number];

export const LOCAL_NODE_SUBJECT_PREFIX = 'gs.v1.local';

/** `gs.v1.local.<id>.<message>` */
export function localNodeSubject(nodeId: LocalNodeId, message: ToLocalNode | FromLocalNode): string {
  return `${LOCAL_NODE_SUBJECT_PREFIX}.${nodeId}.${message}`;
}

/** What the control plane subscribes to: one message of every local node. */
export function everyLocalNodeSubject(message: FromLocalNode): string {
  return `${LOCAL_NODE_SUBJECT_PREFIX}.*.${message}`;
}

/** The node's id in a subject of the above form; the server lets a node publish only under its own. */
export function localNodeOfSubject(subject: string): string {
  return subject.split('.')[3] ?? '';
}

/** Apart from those of agents: a node's id and an agent's may be the same word. */
export function localNodeInboxPrefix(nodeId: LocalNodeId): string {
  return `_INBOX.local.${nodeId}`;
}

/**
 * The inbox of whoever sent a message on this subject: the control plane answers there and nowhere else. null: the
 * subject is none that an agent or a local node sends on.
 */
export function senderInboxPrefix(subject: string): string | null {
  const sender = subject.split('.')[3] ?? '';
  if (sender === '') return null;
  if (subject.startsWith(`${AGENT_SUBJECT_PREFIX}.`)) return agentInboxPrefix(sender as AgentId);
  if (subject.startsWith(`${LOCAL_NODE_SUBJECT_PREFIX}.`)) return localNodeInboxPrefix(sender as LocalNodeId);
  return null;
}

/** Who a snapshot for a local node is signed for; no agent has such a name. */
export function localNodeRecipient(nodeId: LocalNodeId): string {
  return `local/${nodeId}`;
}
