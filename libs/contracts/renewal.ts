import type { AgentId, NetworkName } from './ids.js';

/**
 * What an agent signs with its nkey to enrol, which proves that it holds the key. Each kind of statement begins with
 * its purpose, so that one signature cannot be used for another.
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

/** What a developer's machine signs with its nkey to join a network and at each renewal. */
export function joinStatement(join: {
  readonly network: NetworkName;
  readonly machine: string;
  readonly nkey: string;
  readonly certificateRequest: string;
  readonly timestamp: string;
}): string {
  const { network, machine, nkey, certificateRequest, timestamp } = join;
  // A machine's name is free text; quoting keeps it on one line.
  return ['gs-join-v1', network, JSON.stringify(machine), nkey, timestamp, certificateRequest].join('\n');
}

/** What an agent signs with its nkey to renew: everything it asks for, and the time. */
export function renewalStatement(renewal: {
  readonly agentId: AgentId;
  readonly nkey: string;
  readonly certificateRequest: string;
  readonly timestamp: string;
}): string {
  const { agentId, nkey, certificateRequest, timestamp } = renewal;
  return ['gs-renewal-v1', agentId, nkey, timestamp, certificateRequest].join('\n');
}

/** What an agent signs with its nkey to get a key for the mesh, with the time. */
export function meshKeyStatement(request: {
  readonly agentId: AgentId;
  readonly nkey: string;
  readonly timestamp: string;
}): string {
  const { agentId, nkey, timestamp } = request;
  return ['gs-mesh-key-v1', agentId, nkey, timestamp].join('\n');
}
