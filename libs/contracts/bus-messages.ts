import type { AgentId, AliasName, FlowId, LocalNodeId, NetworkId, RuleId, SandboxId, UserName } from './ids.js';

/**
 * Every message names the protocol it speaks. A control plane serves members of its own protocol and of the one before,
 * so that hosts can be upgraded one after the other, and answers each in its own; members speak one.
 */
export const BUS_PROTOCOL = 2;
/** What this release's control plane serves, oldest first. */
export const SERVED_PROTOCOLS: readonly number[] = [BUS_PROTOCOL - 1, BUS_PROTOCOL];

/** A store's epoch: a counter that only an operator raises, and a random id that tells two stores apart. */
export interface Epoch {
  readonly counter: number;
  readonly id: string;
}

/** What an agent holds, or should hold, of one network. */
export interface NetworkVersion {
  readonly networkId: NetworkId;
  readonly epoch: Epoch;
  readonly version: number;
  /** snapshotHash of what is held; in protocol 1 the SHA-256 of its text. */
  readonly hash: string;
  /**
   * The control plane's signature of exactly this, as it came with the snapshot: it proves a version that the store does
   * not know. null in protocol 1, and for what an agent of protocol 1 left on disk.
   */
  readonly signature: string | null;
}

/**
 * An agent that shares a network with the recipient: only those that are named may have sessions with it. Identity is
 * proved by certificate, so an endpoint is only a hint.
 */
export interface Peer {
  readonly agentId: AgentId;
  /** `host:port` each, best first; none while it is not known how the agent is reached. */
  readonly endpoints: readonly string[];
  /** SHA-256 of the public key that its certificate must have, hexadecimal; null: a control plane that does not say. */
  readonly keyThumbprint: string | null;
}

/** A developer's machine that has joined one network, and was neither revoked nor left to expire. */
export interface AdmittedLocalNode {
  readonly nodeId: LocalNodeId;
  readonly user: UserName;
  readonly networkId: NetworkId;
}

/** control plane -> agent, `.topology`: one part of a snapshot's canonical JSON. Answered with TopologyReply. */
export interface TopologyMessage {
  readonly protocol: number;
  /** The publisher's lease term; an agent ignores older ones. */
  readonly term: number;
  readonly epoch: Epoch;
  readonly networkId: NetworkId;
  /** null: a full snapshot. */
  readonly from: number | null;
  readonly to: number;
  readonly hash: string;
  readonly part: { readonly index: number; readonly count: number };
  readonly body: string;
  /** Ed25519 over topologyStatement, base64. */
  readonly signature: string;
}

export interface TopologyReply {
  readonly protocol: number;
  readonly status: 'received' | 'ignored' | 'refused';
  readonly code: string | null;
  readonly message: string | null;
}

/** The text that a snapshot's signature covers; `recipient` is the agent's id, or localNodeRecipient. */
export function topologyStatement(
  recipient: string,
  message: Pick<TopologyMessage, 'epoch' | 'networkId' | 'from' | 'to' | 'hash'>,
): string {
  const { epoch, networkId, from, to, hash } = message;
  return ['gs-topology-v1', recipient, epoch.counter, epoch.id, networkId, from ?? 'full', to, hash].join('\n');
}

/** A listener or name that could not be brought up. */
export interface AliasFailure {
  readonly alias: AliasName;
  readonly code: string;
  readonly message: string;
}

/** agent -> control plane, `.applied`: resent until answered; repeated in each heartbeat. */
export interface AppliedMessage {
  readonly protocol: number;
  readonly epoch: Epoch;
  readonly networkId: NetworkId;
  /** The version held before; null when there was none. */
  readonly from: number | null;
  readonly to: number;
  readonly hash: string;
  /** As in NetworkVersion; null when refused. */
  readonly signature: string | null;
  readonly outcome: 'applied' | 'refused';
  /** Set when refused: the previous version stays in force. */
  readonly code: string | null;
  readonly message: string | null;
  readonly aliasFailures: readonly AliasFailure[];
  /** Flows this agent cut for this version. Both ends may name the same flow: it is counted once. */
  readonly flowsCut: readonly FlowId[];
  /** RFC 3339, the agent's clock. */
  readonly appliedAt: string;
}

export interface MeshState {
  readonly transport: 'direct' | 'tsnet' | 'none';
  readonly state: 'joined' | 'joining' | 'failed';
  readonly code: string | null;
  readonly message: string | null;
  readonly endpoints: readonly string[];
}

/** agent -> control plane, `.hello`: first message after every connect. Answered with ContactReply. */
export interface HelloMessage {
  readonly protocol: number;
  /** New at each start of the process. */
  readonly bootId: string;
  readonly softwareVersion: string;
  readonly driver: string;
  readonly mesh: MeshState;
  readonly networks: readonly NetworkVersion[];
}

/** agent -> control plane, `.heartbeat`: as hello, and the last acknowledgement of each network again. */
export interface HeartbeatMessage extends HelloMessage {
  readonly acknowledgements: readonly AppliedMessage[];
}

/** Only this counts as contact. */
export interface ContactReply {
  readonly protocol: number;
  /** Every protocol that this control plane serves. */
  readonly serves: readonly number[];
  readonly term: number;
  readonly epoch: Epoch;
  /** Current versions of every network the member is to hold, each with the hash of what it is to hold. */
  readonly networks: readonly { readonly networkId: NetworkId; readonly version: number; readonly hash: string }[];
  readonly peersRevision: number;
  readonly peers: readonly Peer[];
  /** Developers' machines that may ask this agent for flows; of no other is a flow accepted. */
  readonly localNodes: readonly AdmittedLocalNode[];
}

/** agent -> control plane, `.sync`: send this network again. Answered at once; the snapshot follows on `.topology`. */
export interface SyncMessage {
  readonly protocol: number;
  readonly networkId: NetworkId;
  readonly have: number | null;
}

export interface SandboxReport {
  readonly sandboxId: SandboxId;
  readonly address: string;
  readonly isolation: (typeof ISOLATION_STATES)[number];
  /** Why isolation is not enforced, as it was seen; null: it is. */
  readonly isolationEvidence: string | null;
  /** What to do for isolation to be enforced. */
  readonly isolationRemedy: string | null;
  /** Whether the driver can vouch for the source of a connection. */
  readonly source: 'verified' | 'unverified';
  readonly dns: 'active' | 'restart-required' | 'unknown';
  /** What to do for dns to become active. */
  readonly dnsRemedy: string | null;
  /** Where a command can be run inside: a network namespace by name. */
  readonly namespace: string | null;
  /** Where a command can be run inside: a container. */
  readonly container: ContainerReport | null;
  /** Its processes are frozen: new flows to it are refused. */
  readonly paused: boolean;
}

/** `broken`: what must fail was seen to succeed. */
export const ISOLATION_STATES = ['enforced', 'advisory', 'broken'] as const;

/** A container of the Docker Engine that listens on this socket of the agent's host. */
export interface ContainerReport {
  readonly id: string;
  readonly name: string;
  /** RFC 3339; another one after each start. */
  readonly startedAt: string;
  readonly engineSocket: string;
}

/** What a driver was asked to take for a sandbox, and cannot as it is. */
export interface RefusedSandbox {
  /** What its runtime calls it. */
  readonly name: string;
  /** The id that it asks for; null: none that can be used. */
  readonly sandboxId: SandboxId | null;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** agent -> control plane, `.inventory`: everything the driver sees, each time it changes and after each hello. */
export interface InventoryMessage {
  readonly protocol: number;
  readonly bootId: string;
  readonly sequence: number;
  readonly driver: string;
  readonly sandboxes: readonly SandboxReport[];
  readonly refused: readonly RefusedSandbox[];
}

export interface InventoryReply {
  readonly protocol: number;
  readonly accepted: readonly SandboxId[];
  readonly conflicts: readonly {
    readonly sandboxId: SandboxId;
    readonly code: 'PLACEMENT_CONFLICT';
    readonly owner: AgentId;
  }[];
}

/** control plane -> agent, `.control`. Answered with an Acknowledgement. */
export type ControlMessage = {
  readonly protocol: number;
  readonly kind: 'peers';
  readonly revision: number;
  readonly peers: readonly Peer[];
  readonly localNodes: readonly AdmittedLocalNode[];
};

export interface Acknowledgement {
  readonly protocol: number;
  readonly ok: boolean;
  readonly code: string | null;
  readonly message: string | null;
}

/** In the order in which a connection depends on them. */
export const CHECK_CODES = [
  'MESH_JOINED',
  'TOPOLOGY_APPLIED',
  'DNS_LOADED',
  'ROUTE_PRESENT',
  'POLICY',
  'USES_AGENT_DNS',
  'PEER_REACHED',
  'TARGET_ACCEPTS',
  'ISOLATED',
] as const;
export type CheckCode = (typeof CHECK_CODES)[number];

export const CHECK_ROLES = ['source', 'target'] as const;
/** Which end of the connection is asked. */
export type CheckRole = (typeof CHECK_ROLES)[number];

const OF_BOTH_ENDS = ['MESH_JOINED', 'TOPOLOGY_APPLIED', 'DNS_LOADED', 'ROUTE_PRESENT', 'POLICY'] as const;
/** The checks that each end answers. */
export const CHECKS_OF: { readonly [role in CheckRole]: readonly CheckCode[] } = {
  source: [...OF_BOTH_ENDS, 'USES_AGENT_DNS', 'PEER_REACHED', 'ISOLATED'],
  target: [...OF_BOTH_ENDS, 'TARGET_ACCEPTS'],
};

/** All checks of one end together are answered within this time; whoever asks waits a little longer. */
export const CHECKS_WITHIN_MS = 2_500;
/** Questions that one end answers side by side: one that waits for a silent peer holds up no other. */
export const QUESTIONS_AT_ONCE = 8;

/** One diagnostic check: what was looked at, what was seen, and what to do about it. */
export interface Check {
  readonly code: CheckCode;
  readonly status: 'pass' | 'fail' | 'unknown' | 'skipped';
  readonly evidence: string;
  readonly remedy: string | null;
}

/** control plane -> agent, `.diagnose`. */
export type DiagnoseRequest =
  | {
      readonly protocol: number;
      readonly kind: 'resolve';
      readonly networkId: NetworkId;
      readonly alias: AliasName;
    }
  | HeldRequest
  | {
      readonly protocol: number;
      readonly kind: 'checks';
      readonly networkId: NetworkId;
      /** What the control plane expects whoever is asked to hold now. */
      readonly epoch: Epoch;
      readonly version: number;
      readonly hash: string;
      readonly role: CheckRole;
      readonly from: string;
      readonly alias: AliasName;
      readonly port: number;
    };

export type DiagnoseReply =
  | HeldReply
  | {
      readonly protocol: number;
      readonly kind: 'resolve';
      readonly address: string | null;
      readonly version: number | null;
    }
  | {
      readonly protocol: number;
      readonly kind: 'checks';
      readonly checks: readonly Check[];
      /** What the policy held here decides; null: none is held. */
      readonly effect: SelectorEffect | null;
    };

export const SELECTOR_EFFECTS = ['allow', 'deny', 'mixed'] as const;
/** A selector may stand for several sources, and they may differ. */
export type SelectorEffect = (typeof SELECTOR_EFFECTS)[number];

/** The snapshot that an agent holds, part by part: what `admin new-epoch` compares with the store. */
export interface HeldRequest {
  readonly protocol: number;
  readonly kind: 'held';
  readonly networkId: NetworkId;
  /** Counted from 0. */
  readonly part: number;
}

export interface HeldReply {
  readonly protocol: number;
  readonly kind: 'held';
  /** null: the agent does not hold this network. */
  readonly held: {
    readonly version: NetworkVersion;
    readonly part: { readonly index: number; readonly count: number };
    /** A part of the snapshot's canonical JSON. */
    readonly body: string;
  } | null;
}

/** Used by the verdict of `network test`. */
export interface NearMiss {
  readonly ruleId: RuleId;
  readonly missed: 'source' | 'alias' | 'port';
}
