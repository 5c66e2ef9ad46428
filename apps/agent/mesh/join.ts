import { join } from 'node:path';
import type { MeshState } from '#libs/contracts/bus/from-member/hello.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { type JoinPorts, joinMesh } from '#libs/member/join-mesh.js';
import { MeshCredentialsError } from '#libs/mesh/credentials.js';
import type { StartedMeshMember } from '#libs/mesh/mesh-member.js';
import type { MeshChoice } from './mesh-settings.js';

/** This host as a member of the mesh. When it could not join, `state` says why. */
export interface HostMesh {
  readonly member: StartedMeshMember | null;
  /** As it is now. */
  readonly state: () => MeshState;
}

export interface HostMeshPorts extends Pick<JoinPorts, 'credentials' | 'requestKey' | 'changed' | 'log'> {
  readonly agentId: AgentId;
  /** The agent's. */
  readonly stateFolder: string;
}

/**
 * As joinMesh, with which a mesh that the settings leave out is a state, not an error; so is a certificate that cannot be
 * used, since what stays on this host needs neither. Error: MeshListenError.
 */
export async function joinHostMesh(choice: MeshChoice, ports: HostMeshPorts): Promise<HostMesh> {
  if (choice.kind === 'unavailable') return { member: null, state: () => choice.state };
  const { agentId, stateFolder, ...rest } = ports;
  const place = { listens: true, stateFolder: join(stateFolder, 'mesh'), isEphemeral: false };
  try {
    return await joinMesh(choice, { owner: { kind: 'agent', id: agentId }, ...place, ...rest });
  } catch (error) {
    if (!(error instanceof MeshCredentialsError)) throw error;
    const { code, message } = error;
    return { member: null, state: () => ({ transport: choice.kind, state: 'failed', code, message, endpoints: [] }) };
  }
}
