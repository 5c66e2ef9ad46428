import type { MeshState } from '#libs/contracts/bus/from-member/hello.js';
import { directTransport } from '#libs/mesh/direct-transport.js';
import type { MeshCredentials } from '#libs/mesh/flow.js';
import { type MeshNodeOwner, meshHostname } from '#libs/mesh/hostname.js';
import type { MeshLog } from '#libs/mesh/log.js';
import { type StartedMeshMember, startMeshMember } from '#libs/mesh/mesh-member.js';
import type { Transport } from '#libs/mesh/transport.js';
import { tsnetTransport } from '#libs/mesh/tsnet/tsnet-transport.js';

/** Which mesh a member joins, and how. */
export type MeshWay =
  | { readonly kind: 'direct'; readonly listen: string; readonly advertise: string | null }
  | {
      readonly kind: 'tsnet';
      readonly controlUrl: string;
      /** A pre-created key; null: the control plane gives one when it is needed. */
      readonly authKey: string | null;
      /** The mesh-node program. */
      readonly meshNode: string;
    };

export interface JoinPorts {
  readonly owner: MeshNodeOwner;
  readonly credentials: MeshCredentials;
  /** False for a member that only asks for flows and does not listen. */
  readonly listens: boolean;
  /** Folder of a tailnet node's state. */
  readonly stateFolder: string;
  /** Whether the control server forgets the node once it is gone. */
  readonly isEphemeral: boolean;
  /** Requests a key from the control plane. Rejects with a CodedError. */
  readonly requestKey: (signal: AbortSignal) => Promise<string>;
  /** The address that peers are told when the transport listens on all addresses; null or absent: unknown. */
  readonly ownHost?: string | null;
  readonly changed: (state: MeshState) => void;
  readonly log: MeshLog;
}

/** A member that takes part in the mesh. */
export interface JoinedMesh {
  readonly member: StartedMeshMember;
  /** The current state. */
  readonly state: () => MeshState;
}

/** Resolves before the mesh is joined; `state` reports the progress. Errors: MeshListenError, MeshCredentialsError. */
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

function transportOf(
  way: MeshWay,
  { owner, stateFolder, isEphemeral, requestKey, ownHost, log }: JoinPorts,
): Transport {
  if (way.kind === 'direct')
    return directTransport({ listen: way.listen, advertise: way.advertise, ownHost: ownHost ?? null });
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
