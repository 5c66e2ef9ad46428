import type { AgentId, NetworkName } from './ids.js';

/**
 * What an agent signs with its nkey to enrol: whoever registers a key shows that it holds it. Each kind of statement
 * begins with its purpose, so that no signature stands for two.
 */
export function enrollmentStatement(enrollment: {
  readonly name: AgentId;
  readonly nkey: string;
  readonly certificateRequest: string;
  readonly timestamp: string;
}): string {
  const { name, nkey, certificateRequest, timestamp } = enrollment;
  return ['gs-enrollment-v1', name, nkey, timestamp, certificateRequest].join('\n');
}

/** What a developer's machine signs with its nkey to join a network, and again each time it renews. */
export function joinStatement(join: {
  readonly network: NetworkName;
  readonly machine: string;
  readonly nkey: string;
  readonly certificateRequest: string;
  readonly timestamp: string;
}): string {
  const { network, machine, nkey, certificateRequest, timestamp } = join;
  // A machine's name is free text: quoted, it is one line whatever it holds.
  return ['gs-join-v1', network, JSON.stringify(machine), nkey, timestamp, certificateRequest].join('\n');
}

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
