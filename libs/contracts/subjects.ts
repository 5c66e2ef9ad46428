import type { AgentId } from './ids.js';

/** Requests to an agent: answered by that agent alone. */
export const TO_AGENT = ['topology', 'diagnose', 'control'] as const;
/** Requests from an agent: answered by the control plane. */
export const FROM_AGENT = ['hello', 'heartbeat', 'sync', 'applied', 'inventory'] as const;

export type ToAgent = (typeof TO_AGENT)[number];
export type FromAgent = (typeof FROM_AGENT)[number];

export const AGENT_SUBJECT_PREFIX = 'gs.v1.agent';

/** `gs.v1.agent.<id>.<message>` */
export function agentSubject(agentId: AgentId, message: ToAgent | FromAgent): string {
  return `${AGENT_SUBJECT_PREFIX}.${agentId}.${message}`;
}

/** What the control plane subscribes to: one message of every agent. */
export function everyAgentSubject(message: FromAgent): string {
  return `${AGENT_SUBJECT_PREFIX}.*.${message}`;
}

/** The agent's id in a subject of the above form; the server lets an agent publish only under its own. */
export function agentOfSubject(subject: string): string {
  return subject.split('.')[3] ?? '';
}

/** Replies to an agent's requests come here and nowhere else. */
export function agentInboxPrefix(agentId: AgentId): string {
  return `_INBOX.${agentId}`;
}
