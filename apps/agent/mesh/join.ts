import { join } from 'node:path';
import type { MeshState } from '#libs/contracts/bus/from-member/hello.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { MeshCredentialsError } from '#libs/mesh/credentials.js';
import { directTransport } from '#libs/mesh/direct-transport.js';
import type { MeshCredentials } from '#libs/mesh/flow.js';
import { meshHostname } from '#libs/mesh/hostname.js';
import type { MeshLog } from '#libs/mesh/log.js';
import { type StartedMeshMember, startMeshMember } from '#libs/mesh/mesh-member.js';
import type { Transport } from '#libs/mesh/transport.js';
import { tsnetTransport } from '#libs/mesh/tsnet/tsnet-transport.js';
import type { MeshChoice } from './mesh-settings.js';

/** This agent's place in the mesh; without one, the state says why. */
export interface JoinedMesh {
  readonly member: StartedMeshMember | null;
  /** As it is now. */
  readonly state: () => MeshState;
}

export interface JoinPorts {
  readonly agentId: AgentId;
  readonly credentials: MeshCredentials;
  /** Holds what the agent's node in a tailnet keeps. */
  readonly stateFolder: string;
  /** A key from the control plane. Rejects with a CodedError. */
  readonly requestKey: (signal: AbortSignal) => Promise<string>;
  readonly changed: (state: MeshState) => void;
  readonly log: MeshLog;
}

/**
 * Resolves before the mesh is joined: how far that is, `state` says. Error: MeshListenError. A mesh that the settings
 * leave out is a state, not an error; so are a key and a certificate that cannot be used, since what stays on this host
 * needs neither.
 */
export async function joinMesh(choice: MeshChoice, ports: JoinPorts): Promise<JoinedMesh> {
  if (choice.kind === 'unavailable') return { member: null, state: () => choice.state };
  const transport = transportOf(choice, ports);
  const state = (): MeshState => ({ transport: transport.kind, ...transport.status() });
  transport.onStatus(() => ports.changed(state()));
  try {
    const member = await startMeshMember({ credentials: ports.credentials, transport, log: ports.log });
    return { member, state };
  } catch (error) {
    if (!(error instanceof MeshCredentialsError)) throw error;
    const { code, message } = error;
    return {
      member: null,
      state: () => ({ transport: transport.kind, state: 'failed', code, message, endpoints: [] }),
    };
  }
}

function transportOf(choice: Exclude<MeshChoice, { kind: 'unavailable' }>, ports: JoinPorts): Transport {
  if (choice.kind === 'direct') return directTransport({ listen: choice.listen, advertise: choice.advertise });
  const { controlUrl, authKey, meshNode } = choice;
  return tsnetTransport({
    binary: meshNode,
    controlUrl,
    hostname: meshHostname({ kind: 'agent', id: ports.agentId }),
    stateFolder: join(ports.stateFolder, 'mesh'),
    isEphemeral: false,
    requestKey: authKey === null ? ports.requestKey : async () => authKey,
  });
}
