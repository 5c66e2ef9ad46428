import type { Duplex } from 'node:stream';
import type { Peer } from '#libs/contracts/bus/to-member/peers.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId, FlowId, LocalNodeId, NetworkId, UserName } from '#libs/contracts/ids.js';
import type { DestinationName } from '#libs/contracts/outside-names.js';
import type { FlowSource } from '#libs/policy/model.js';
import type { LocalPeer } from './admission.js';

/** Who is at the other end, as its certificate says. */
export type MeshIdentity =
  | { readonly kind: 'agent'; readonly agentId: AgentId }
  | { readonly kind: 'local'; readonly user: UserName; readonly node: LocalNodeId };

/** What travels in the CONNECT headers: exactly one of each. */
export interface FlowRequest {
  readonly flowId: FlowId;
  readonly networkId: NetworkId;
  /** An alias, or a name outside that the peer is asked to be the exit for. */
  readonly alias: DestinationName;
  readonly port: number;
  readonly source: FlowSource;
  /** Topology version the source decided on. */
  readonly version: number;
}

/**
 * One flow of bytes. `end` is emitted only for a clean end of the other side's bytes; a reset, of whatever origin,
 * destroys the stream with FlowResetError. A write's callback means that its bytes were copied or sent: the buffer may
 * be used again.
 */
export interface MeshFlow extends Duplex {
  /** Topology version of the target when it accepted. */
  readonly targetVersion: number;
  /** Resets both ends immediately and drops the bytes that are buffered in either direction. */
  reset(code: string): void;
  /**
   * Resets the other end as soon as its reader has taken all bytes written here; write nothing after this call. `close`
   * is emitted here when that is done. Until then `reset` still drops the bytes that were not read.
   */
  resetAfterDelivery(code: string): void;
}

/** What a peer asks for. */
export interface Incoming {
  readonly request: FlowRequest;
  readonly peer: MeshIdentity;
  /** Aborted when the peer goes away before an answer. */
  readonly signal: AbortSignal;
  refuse(code: string, message: string, targetVersion: number | null): void;
  /** As refuse, when nothing was tried for it: that counts against the streams that a peer may waste. */
  refuseUntried(code: string, message: string, targetVersion: number | null): void;
}

/** A flow asked for by a peer. Exactly one of accept, refuse and refuseUntried is called. */
export interface IncomingFlow extends Incoming {
  accept(targetVersion: number): MeshFlow;
}

/**
 * A peer asks whether its flow would be taken; none is opened. Exactly one of confirm, refuse and refuseUntried is
 * called.
 */
export interface IncomingProbe extends Incoming {
  confirm(targetVersion: number): void;
}

/** The target answered no, with its reason and the version it decided on. */
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
 * The flow ended without both sides having ended it. It has no stack: Node makes readable the stack of any error that a
 * stream is destroyed with, which would take longer than all else that a reset costs.
 */
export class FlowResetError extends CodedError {
  constructor(
    code: string,
    message: string,
    /** The other end reset it by resetAfterDelivery, and all that it had written was read here. */
    readonly isAfterDelivery = false,
  ) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(code, message);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The peer cannot be reached, or is not who it should be. */
export class PeerUnreachableError extends CodedError {}

/** The peer is of an earlier release that knows no probes: whether it would take the flow is not known. */
export class ProbeNotKnownError extends CodedError {}

export interface MeshMember {
  /** Takes the flows that peers ask for. Set once, before start. */
  onFlow(handle: (flow: IncomingFlow) => void): void;
  /** Answers the probes of peers. Set once, before start. */
  onProbe(handle: (probe: IncomingProbe) => void): void;
  /** Agents that may be asked for flows, and may ask: sessions of all others end, and none of theirs is taken. */
  setPeers(peers: readonly Peer[]): void;
  /** Developers' machines that may ask for flows; sessions of all others end, and none of theirs is taken. */
  setLocalNodes(nodes: readonly LocalPeer[]): void;
  /** Errors: FlowRefusedError, PeerUnreachableError. */
  open(peer: AgentId, request: FlowRequest, signal: AbortSignal): Promise<MeshFlow>;
  /**
   * Asks over the same session whether the peer would take this flow; none is opened. The topology version that the
   * peer decided on. Errors: those of open, and ProbeNotKnownError.
   */
  probe(peer: AgentId, request: FlowRequest, signal: AbortSignal): Promise<number>;
  /** Replaces the certificate; open sessions keep theirs until it ends. */
  setCredentials(credentials: MeshCredentials): void;
  close(): Promise<void>;
}

/** PEM each. The certificate's URI SAN is the identity: `spiffe://<store>/agent/<id>` or `/local/<user>/<node>`. */
export interface MeshCredentials {
  readonly certificate: string;
  readonly privateKey: string;
  readonly authority: string;
}
