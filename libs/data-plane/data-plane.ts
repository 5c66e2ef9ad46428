import type { Socket } from 'node:net';
import type { AgentId, AliasName, FlowId, NetworkId, OutsideName, RuleId, SandboxId } from '#libs/contracts/ids.js';
import type { DestinationName } from '#libs/contracts/outside-names.js';
import type { IncomingFlow, IncomingProbe, MeshMember } from '#libs/mesh/flow.js';
import type { Concerned } from '#libs/policy/concerned.js';
import type { FlowSource, NetworkView, Verdict } from '#libs/policy/model.js';
import type { SocketEnd } from './flows/flow-end.js';

/** What the driver of this host vouches for, now. */
export interface SandboxDirectory {
  /** The sandbox whose link a connection came in on; null: unknown. */
  sourceOf(remoteAddress: string, localAddress: string): SandboxId | null;
  /** Where to dial a sandbox of this host; null when it is not here now. Never an address from the wire. */
  addressOf(sandboxId: SandboxId): string | null;
  /** Its processes are frozen: it would take a connection and never answer. */
  isPaused(sandboxId: SandboxId): boolean;
}

/** One listening socket: an alias's proxy address and a published port. */
export interface Route {
  readonly networkId: NetworkId;
  readonly alias: AliasName;
  readonly address: string;
  readonly port: number;
}

/** One listening socket for a name outside, whatever network a flow to it then belongs to. */
export interface OutsideRoute {
  readonly name: OutsideName;
  readonly address: string;
  readonly port: number;
}

export interface RouteFailure<Listening = Route> {
  readonly route: Listening;
  readonly code: string;
  readonly message: string;
}

export interface FlowLimits {
  readonly connectTimeoutMs: number;
  /** Neither side sent a byte for so long: reset. */
  readonly idleTimeoutMs: number;
  readonly flowsPerSource: number;
  /** All flows of this host, opening and open. */
  readonly flows: number;
  /** How long a flow is held for the end that is behind to catch up. */
  readonly syncHoldMs: number;
  /** After a reset by one end, how long the other may take to read what was sent before it. */
  readonly deliveryTimeoutMs: number;
}

export interface FlowSummary {
  readonly flowId: FlowId;
  readonly role: 'source' | 'target';
  readonly networkId: NetworkId;
  /** An alias, or the name outside that it leads to. */
  readonly alias: DestinationName;
  readonly port: number;
  /** null: the driver does not know where it came from. */
  readonly source: FlowSource | null;
  readonly state: 'opening' | 'open';
  readonly bytesToTarget: number;
  readonly bytesToSource: number;
  readonly openedAt: string;
}

/** One line of the flow log, for each flow refused, opened, ended, cut or reset. */
export interface FlowRecord extends FlowSummary {
  readonly outcome: 'opened' | 'refused' | 'ended' | 'cut' | 'reset';
  readonly code: string;
  readonly verdict: Verdict | null;
}

/** A flow that was cut by this host's clock at the end of the rule that had let it through. */
export interface FlowCutAtEnd {
  readonly flowId: FlowId;
  readonly ruleId: RuleId;
}

/** A developer's machine as a source. */
export type LocalSource = Extract<FlowSource, { readonly kind: 'local' }>;

export interface FlowEngineSettings {
  readonly agentId: AgentId | null;
  /** Whose every client is on a developer's machine; null: the driver knows each client. */
  readonly localSource: LocalSource | null;
  /**
   * False for a developer's machine that did not join this network, or was put out of it: its flows are refused and
   * cut.
   */
  readonly admitsLocal: (networkId: NetworkId, source: LocalSource) => boolean;
  /** Of this moment; null: this host is in no mesh. */
  readonly mesh: () => MeshMember | null;
  readonly sandboxes: SandboxDirectory;
  /** CIDR ranges that are never dialled, whatever the driver reports: the proxy's own and the mesh's. */
  readonly forbiddenTargets: readonly string[];
  /** Addresses of this host that sandboxes are dialled from in turn; none: the kernel chooses. */
  readonly dialSources: readonly string[];
  /** null: this host dials no names outside. */
  readonly dialOutside: DialOutside | null;
  readonly limits: FlowLimits;
  /** False when the network was out of contact for longer than it allows: flows are refused (`STALE`). */
  readonly isFresh: (networkId: NetworkId) => boolean;
  /** Asks the control plane for at least this version; the engine itself waits for `apply`. */
  readonly requestSync: (networkId: NetworkId, version: number) => void;
  /** `cutAtEnd` of this network has more flows. */
  readonly rulesEnded: (networkId: NetworkId) => void;
  readonly newFlowId: () => FlowId;
  readonly record: (record: FlowRecord) => void;
}

/** Why a sandbox of this host cannot be connected to: a FlowCode. */
export interface TargetFailure {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | null;
}

/** Resolves a name and connects to one of its addresses. Rejects with TargetUnreachableError, also when aborted. */
export type DialOutside = (target: OutsideDialTarget, signal: AbortSignal, askedBy: string) => Promise<SocketEnd>;

export interface OutsideDialTarget {
  readonly name: OutsideName;
  readonly port: number;
  /** Private and loopback addresses are dialled too. */
  readonly mayBePrivate: boolean;
}

/** A flow that a source of this host might open. */
export interface ProbeQuestion {
  readonly networkId: NetworkId;
  readonly alias: DestinationName;
  readonly port: number;
  readonly source: FlowSource;
}

/** What a flow would meet on its way, up to the agent that dials. */
export type ProbeOutcome =
  /** Both ends would carry it. */
  | { readonly kind: 'taken'; readonly agentId: AgentId; readonly version: number }
  /** This host would not carry it: a FlowCode. */
  | { readonly kind: 'refused here'; readonly code: string }
  | {
      readonly kind: 'refused there';
      readonly agentId: AgentId;
      readonly code: string;
      readonly message: string;
      /** What the target's agent decided on. */
      readonly version: number | null;
    }
  | {
      readonly kind: 'unreachable';
      readonly agentId: AgentId;
      readonly code: string;
      readonly message: string;
      readonly remedy: string | null;
    }
  /** The target's agent is reached, and is of an earlier release that cannot say. */
  | { readonly kind: 'not known there'; readonly agentId: AgentId; readonly remedy: string | null };

/**
 * The traffic of one host: every flow is registered, evaluated, dialled, evaluated again, and only then passes
 * bytes. Source and target side live in the same table.
 */
export interface FlowEngine {
  /**
   * Swaps the network's policy and, before it returns, resets every flow that is now denied (both roles, idle or
   * busy, buffered bytes dropped). Returns the ids of the flows cut that had carried, or could carry, bytes;
   * with them those that were cut when a rule ended by this host's clock, once a version comes without that rule.
   * null lets go of the network. `concerned`: whose verdict the change can alter; null: anybody's.
   */
  apply(networkId: NetworkId, view: NetworkView | null, concerned?: Concerned | null): readonly FlowId[];
  /** Flows cut when a rule ended, which no `apply` has returned yet: the last 25,000 of the network. */
  cutAtEnd(networkId: NetworkId): readonly FlowCutAtEnd[];
  /** Those of an earlier process of this host, for a later `apply` to return. */
  restoreCutAtEnd(networkId: NetworkId, cuts: readonly FlowCutAtEnd[]): void;
  view(networkId: NetworkId): NetworkView | null;
  /** Of every network that is held. */
  views(): readonly NetworkView[];
  /** A client connected to a proxy listener. */
  acceptClient(socket: Socket, route: Route): void;
  /** A client connected to the address of a name outside. */
  acceptOutside(socket: Socket, route: OutsideRoute): void;
  /** A peer asked for a flow. */
  acceptPeer(flow: IncomingFlow): void;
  /** A peer asked whether a flow of its would be taken. */
  acceptProbe(probe: IncomingProbe): void;
  /**
   * Finds out by the live path whether a flow would be carried, up to the dial of the sandbox, and leaves no trace in
   * flows, limits and records. `signal` ends the wait.
   */
  probe(question: ProbeQuestion, signal: AbortSignal): Promise<ProbeOutcome>;
  /** Dials a sandbox of this host as a flow would, and closes the connection; null: it was taken. */
  dialTarget(sandboxId: SandboxId, port: number, signal: AbortSignal): Promise<TargetFailure | null>;
  /** Dials a name outside as a flow would, and closes the connection; null: it was taken. */
  tryOutside(target: OutsideDialTarget, signal: AbortSignal): Promise<TargetFailure | null>;
  /** The driver no longer reports this sandbox: its flows are reset. */
  sandboxGone(sandboxId: SandboxId): void;
  /** Who is admitted has changed: flows of local nodes that are not any more are reset before it returns. */
  localNodesChanged(): readonly FlowId[];
  flows(): readonly FlowSummary[];
  /** At once, without closing the engine: for the exit of the process. */
  resetAll(): void;
  close(): Promise<void>;
}

/** The proxy's listening sockets. Opening and closing are apart, because names change between the two. */
export interface ProxyListeners<Listening = Route> {
  /** Opens what is not open yet; reports each that failed, the others stay. */
  open(routes: readonly Listening[]): Promise<readonly RouteFailure<Listening>[]>;
  /** Closes the listeners of these routes, if they are open. Open flows belong to the engine. */
  shut(routes: readonly Listening[]): Promise<void>;
  routes(): readonly Listening[];
  close(): Promise<void>;
}

/** Gives each alias of each network an address of its own out of a range, the same after a restart. */
export interface AddressPool {
  /** Error: ADDRESS_RANGE_EXHAUSTED. */
  assign(networkId: NetworkId, alias: AliasName, nowMs: number): string;
  addressOf(networkId: NetworkId, alias: AliasName): string | null;
  /** The address rests for ten minutes before another alias may have it. */
  release(networkId: NetworkId, alias: AliasName, nowMs: number): void;
  /** Whether an address is assigned or resting. */
  isTaken(address: string): boolean;
  /** Plain JSON for the state file: of every alias, or of these alone. `restoreAddressPool` reads it. */
  save(): unknown;
  saveOf(aliases: readonly { readonly networkId: NetworkId; readonly alias: AliasName }[]): unknown;
}
