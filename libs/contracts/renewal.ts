import type { AgentId } from './ids.js';

/** What an agent signs with its nkey to renew: everything that it asks for, and when. */
export function renewalStatement(renewal: {
  readonly agentId: AgentId;
  readonly nkey: string;
  readonly certificateRequest: string;
  readonly timestamp: string;
}): string {
  const { agentId, nkey, certificateRequest, timestamp } = renewal;
  return ['gs-renewal-v1', agentId, nkey, timestamp, certificateRequest].join('\n');
}

/** What an agent signs with its nkey to get a key for the mesh, and when. */
export function meshKeyStatement(request: {
  readonly agentId: AgentId;
  readonly nkey: string;
  readonly timestamp: string;
}): string {
  const { agentId, nkey, timestamp } = request;
  return ['gs-mesh-key-v1', agentId, nkey, timestamp].join('\n');
}
