import type { MeshState } from '#libs/contracts/bus/from-member/hello.js';
import { directTransport } from '#libs/mesh/direct-transport.js';
import type { MeshCredentials } from '#libs/mesh/flow.js';
import { type MeshNodeOwner, meshHostname } from '#libs/mesh/hostname.js';
import type { MeshLog } from '#libs/mesh/log.js';
import { type StartedMeshMember, startMeshMember } from '#libs/mesh/mesh-member.js';
import type { Transport } from '#libs/mesh/transport.js';
import { tsnetTransport } from '#libs/mesh/tsnet/tsnet-transport.js';

/** What a member needs to know to join the mesh. */
export type MeshWay =
  | { readonly kind: 'direct'; readonly listen: string; readonly advertise: string | null }
  | {
      readonly kind: 'tsnet';
      readonly controlUrl: string;
      /** A key made before by an operator; null: the control plane gives one when it is needed. */
      readonly authKey: string | null;
      /** The program apps/mesh-node. */
      readonly meshNode: string;
    };

export interface JoinPorts {
  readonly owner: MeshNodeOwner;
  readonly credentials: MeshCredentials;
  /** False for a member that only asks for flows: it listens nowhere. */
  readonly listens: boolean;
  /** Where a tailnet node keeps its state. */
  readonly stateFolder: string;
  /** A node that the control server forgets once it is gone. */
  readonly isEphemeral: boolean;
  /** A key from the control plane. Rejects with a CodedError. */
  readonly requestKey: (signal: AbortSignal) => Promise<string>;
  readonly changed: (state: MeshState) => void;
  readonly log: MeshLog;
}

/** A member that takes part in the mesh. */
export interface JoinedMesh {
  readonly member: StartedMeshMember;
  /** As it is now. */
  readonly state: () => MeshState;
}

/** Resolves before the mesh is joined: how far that is, `state` says. Errors: MeshListenError, MeshCredentialsError. */
export async function joinMesh(way: MeshWay, ports: JoinPorts): Promise<JoinedMesh> {
  const { credentials, listens, log } = ports;
  const transport = transportOf(way, ports);
  let joined: StartedMeshMember | null = null;
  const state = (): MeshState => ({ transport: transport.kind, ...(joined ?? transport).status() });
  const changed = (): void => ports.changed(state());
  transport.onStatus(changed);
  const member = await startMeshMember({ credentials, transport, listens, changed, log });
  joined = member;
  return { member, state };
}

function transportOf(way: MeshWay, { owner, stateFolder, isEphemeral, requestKey, log }: JoinPorts): Transport {
  if (way.kind === 'direct') return directTransport({ listen: way.listen, advertise: way.advertise });
  const { controlUrl, authKey, meshNode } = way;
  return tsnetTransport({
    binary: meshNode,
    controlUrl,
    hostname: meshHostname(owner),
    stateFolder,
    isEphemeral,
    requestKey: authKey === null ? requestKey : async () => authKey,
    log,
  });
}
