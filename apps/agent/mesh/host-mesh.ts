import { join } from 'node:path';
import type { MeshState } from '#libs/contracts/bus/from-member/hello.js';
import type { Peer } from '#libs/contracts/bus/to-member/peers.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { type JoinPorts, joinMesh } from '#libs/member/join-mesh.js';
import type { LocalPeer } from '#libs/mesh/admission.js';
import { MeshCredentialsError } from '#libs/mesh/credentials.js';
import type { IncomingFlow, IncomingProbe, MeshCredentials } from '#libs/mesh/flow.js';
import type { StartedMeshMember } from '#libs/mesh/mesh-member.js';
import { chooseMesh, isFollowed, type MeshChoice, type MeshSettings, type OfferedMesh } from './mesh-settings.js';

export interface HostMeshPorts extends Pick<JoinPorts, 'credentials' | 'requestKey' | 'ownHost' | 'changed' | 'log'> {
  readonly agentId: AgentId;
  /** Whether the control plane has certified the mesh key, as far as this agent knows. */
  readonly isCertified: () => boolean;
  /** The agent's state folder. */
  readonly stateFolder: string;
}

/** Handles flows and probes of peers. */
export interface PeerTaker {
  readonly flow: (flow: IncomingFlow) => void;
  readonly probe: (probe: IncomingProbe) => void;
}

/** The mesh chosen last, and this host as its member; null: joining failed, and `state` says why. */
interface Place {
  readonly choice: MeshChoice;
  readonly member: StartedMeshMember | null;
  readonly state: () => MeshState;
}

const UNCERTIFIED = {
  state: 'failed',
  code: 'MESH_CREDENTIALS_INVALID',
  message: 'the agent made a new mesh key, and the control plane has not certified it yet',
} as const;

/** This host's membership in the mesh, joined at the start or once the control plane offers a mesh. */
export class HostMesh {
  private credentials: MeshCredentials;
  private peers: readonly Peer[] = [];
  private localNodes: readonly LocalPeer[] = [];
  private taker: PeerTaker | null = null;
  private moving: Promise<void> = Promise.resolve();
  private isClosed = false;

  /** Error: MeshListenError. */
  static async open(settings: MeshSettings, offered: OfferedMesh, ports: HostMeshPorts): Promise<HostMesh> {
    return new HostMesh(settings, ports, await placeIn(chooseMesh(settings, offered), ports));
  }

  private constructor(
    private readonly settings: MeshSettings,
    private readonly ports: HostMeshPorts,
    private place: Place,
  ) {
    this.credentials = ports.credentials;
  }

  /** The current membership; null: this host is in no mesh. */
  get member(): StartedMeshMember | null {
    return this.place.member;
  }

  /** The current state. */
  state(): MeshState {
    return this.place.state();
  }

  /** Whether another offer of the control plane may help: this host is in no mesh, or its mesh has a fault. */
  get isWanting(): boolean {
    const { state, code } = this.state();
    return isFollowed(this.settings) && (state !== 'joined' || code !== null);
  }

  /**
   * Moves to the mesh that the control plane offers, if it is another one; flows of the old mesh are reset. An offer of
   * no mesh changes nothing, since it may be a mistake in the control plane's settings. Resolves when done. Errors:
   * MeshListenError.
   */
  follow(offered: OfferedMesh): Promise<void> {
    const moved = this.moving.then(() => this.move(chooseMesh(this.settings, offered)));
    this.moving = moved.catch(() => {});
    return moved;
  }

  setPeers(peers: readonly Peer[]): void {
    this.peers = peers;
    this.member?.setPeers(peers);
  }

  setLocalNodes(nodes: readonly LocalPeer[]): void {
    this.localNodes = nodes;
    this.member?.setLocalNodes(nodes);
  }

  setCredentials(credentials: MeshCredentials): void {
    this.credentials = credentials;
    this.member?.setCredentials(credentials);
  }

  /** From now on peers may ask for flows; until then the mesh refuses them. */
  takePeers(taker: PeerTaker): void {
    this.taker = taker;
    this.member?.onProbe(taker.probe);
    this.member?.onFlow(taker.flow);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.moving;
    await this.member?.close();
  }

  private async move(choice: MeshChoice): Promise<void> {
    if (this.isClosed || choice.kind === 'unavailable' || isSame(choice, this.place.choice)) return;
    await this.member?.close();
    this.place = await placeIn(choice, { ...this.ports, credentials: this.credentials });
    this.setCredentials(this.credentials);
    this.setPeers(this.peers);
    this.setLocalNodes(this.localNodes);
    if (this.taker !== null) this.takePeers(this.taker);
    this.ports.changed(this.state());
  }
}

/**
 * As joinMesh, but missing settings lead to a state, not an error, and so does an unusable certificate, because flows
 * within this host need neither. Error: MeshListenError.
 */
async function placeIn(choice: MeshChoice, ports: HostMeshPorts): Promise<Place> {
  if (choice.kind === 'unavailable') return { choice, member: null, state: () => choice.state };
  const { agentId, stateFolder, isCertified, ...rest } = ports;
  const where = { listens: true, stateFolder: join(stateFolder, 'mesh'), isEphemeral: false };
  try {
    const { member, state } = await joinMesh(choice, { owner: { kind: 'agent', id: agentId }, ...where, ...rest });
    return { choice, member, state: () => (isCertified() ? state() : { ...state(), ...UNCERTIFIED }) };
  } catch (error) {
    if (!(error instanceof MeshCredentialsError)) throw error;
    const { code, message } = error;
    const state: MeshState = { transport: choice.kind, state: 'failed', code, message, endpoints: [] };
    return { choice, member: null, state: () => state };
  }
}

function isSame(one: MeshChoice, other: MeshChoice): boolean {
  if (one.kind === 'tsnet' && other.kind === 'tsnet') return one.controlUrl === other.controlUrl;
  return one.kind === other.kind;
}
