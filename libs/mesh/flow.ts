import type { Duplex } from 'node:stream';
import type { Peer } from '#libs/contracts/bus/to-member/peers.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId, FlowId, LocalNodeId, NetworkId, UserName } from '#libs/contracts/ids.js';
import type { DestinationName } from '#libs/contracts/outside-names.js';
import type { FlowSource } from '#libs/policy/model.js';
import type { LocalPeer } from './admission.js';

/** The peer's identity, from its certificate. */
export type MeshIdentity =
  | { readonly kind: 'agent'; readonly agentId: AgentId }
  | { readonly kind: 'local'; readonly user: UserName; readonly node: LocalNodeId };

/** The content of the CONNECT headers; each occurs exactly once. */
export interface FlowRequest {
  readonly flowId: FlowId;
  readonly networkId: NetworkId;
  /** An alias, or a name outside for which the peer is the exit. */
  readonly alias: DestinationName;
  readonly port: number;
  readonly source: FlowSource;
  /** The topology version that the source decided by. */
  readonly version: number;
}

/**
 * One flow of bytes. `end` is emitted only if the other side ended its bytes cleanly; any reset destroys the stream
 * with FlowResetError. When a write's callback is called, the bytes were copied or sent and the buffer may be reused.
 */
export interface MeshFlow extends Duplex {
  /** The topology version that the target accepted the flow by. */
  readonly targetVersion: number;
  /** Whether bytes written here are still in this process. */
  readonly hasUnsent: boolean;
  /** Resets both ends at once and drops the bytes buffered in either direction. */
  reset(code: string): void;
  /**
   * Resets the other end as soon as its reader has read all bytes written here. Write nothing after this call; `close`
   * is emitted when it is done. Until then `reset` still drops the unread bytes.
   */
  resetAfterDelivery(code: string): void;
}

/** What flows and probes of a peer have in common. */
export interface Incoming {
  readonly request: FlowRequest;
  readonly peer: MeshIdentity;
  /** Aborted if the peer goes away before it is answered. */
  readonly signal: AbortSignal;
  refuse(code: string, message: string, targetVersion: number | null): void;
  /** As refuse, if nothing was attempted for it. It counts as one of the streams that a peer may waste. */
  refuseUntried(code: string, message: string, targetVersion: number | null): void;
}

/** A flow that a peer asks for. Call exactly one of accept, refuse and refuseUntried. */
export interface IncomingFlow extends Incoming {
  accept(targetVersion: number): MeshFlow;
}

/**
 * A peer's question whether its flow would be accepted; no flow is opened. Call exactly one of confirm, refuse and
 * refuseUntried.
 */
export interface IncomingProbe extends Incoming {
  confirm(targetVersion: number): void;
}

/** The target refused, with its reason and the version it decided by. */
export class FlowRefusedError extends CodedError {
  constructor(
    code: string,
    message: string,
    readonly targetVersion: number | null,
  ) {
    super(code, message);
  }
}

/**
 * The flow ended before both sides had ended it. It has no stack: Node formats the stack of every error that destroys a
 * stream, which would cost more than the rest of the reset.
 */
export class FlowResetError extends CodedError {
  constructor(
    code: string,
    message: string,
    /** The other end called resetAfterDelivery, and everything it wrote was read here. */
    readonly isAfterDelivery = false,
  ) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(code, message);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The peer cannot be reached, or its identity is not the expected one. */
export class PeerUnreachableError extends CodedError {}

/** The peer runs an earlier release without probes, so whether it would accept the flow is unknown. */
export class ProbeNotKnownError extends CodedError {}

export interface MeshMember {
  /** Sets the handler of flows that peers ask for. Call it once, before start. */
  onFlow(handle: (flow: IncomingFlow) => void): void;
  /** Sets the handler of peers' probes. Call it once, before start. */
  onProbe(handle: (probe: IncomingProbe) => void): void;
  /**
   * The agents that may have sessions with this node, in both directions. Sessions of all others end, and new ones are
   * refused.
   */
  setPeers(peers: readonly Peer[]): void;
  /**
   * The developers' machines that may ask this node for flows. Sessions of all others end, and new ones are refused.
   */
  setLocalNodes(nodes: readonly LocalPeer[]): void;
  /** Errors: FlowRefusedError, PeerUnreachableError. */
  open(peer: AgentId, request: FlowRequest, signal: AbortSignal): Promise<MeshFlow>;
  /**
   * Asks over the same session whether the peer would accept this flow, without opening it. Resolves with the topology
   * version that the peer decided by. Errors: those of open, and ProbeNotKnownError.
   */
  probe(peer: AgentId, request: FlowRequest, signal: AbortSignal): Promise<number>;
  /** Replaces the certificate for new sessions; open sessions keep theirs until it expires. */
  setCredentials(credentials: MeshCredentials): void;
  close(): Promise<void>;
}

/** All in PEM. The certificate's URI SAN is the identity: `spiffe://<store>/agent/<id>` or `/local/<user>/<node>`. */
export interface MeshCredentials {
  readonly certificate: string;
  readonly privateKey: string;
  readonly authority: string;
}
