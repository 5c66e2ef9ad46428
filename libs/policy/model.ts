import type { PrintedEgressRule } from '#libs/contracts/egress-rules.js';
import type {
  AgentId,
  AliasName,
  LocalNodeId,
  NetworkId,
  NetworkName,
  OutsidePattern,
  PolicyTestId,
  RuleId,
  SandboxId,
  UserName,
} from '#libs/contracts/ids.js';
import type { AliasPort } from '#libs/contracts/ports.js';
import type { Effect, PrintedRule } from '#libs/contracts/rules.js';
import type { Selector, SelectorEffect } from '#libs/contracts/selectors.js';
import type { MissedPart, SelectorVerdictReason, VerdictReason } from '#libs/contracts/verdicts.js';
import type { PolicySource } from './policy-source.js';

export interface AttachedSandbox {
  readonly sandboxId: SandboxId;
  /** null: no agent holds it now. */
  readonly agentId: AgentId | null;
  readonly labels: { readonly [key: string]: string };
}

export interface AliasRecord {
  readonly alias: AliasName;
  readonly sandboxId: SandboxId;
  readonly ports: readonly AliasPort[];
}

export interface Rule {
  readonly id: RuleId;
  readonly effect: Effect;
  readonly from: Selector;
  readonly to: AliasName;
  readonly port: number;
  /** When it ends by itself, as parseInstant takes it; null: it stays until it is removed. */
  readonly until: string | null;
}

/**
 * As a rule, about a name outside; `private`: the name may lead to private and loopback addresses. `via`: the agent
 * that connections leave from; null: that of the sandbox.
 */
export interface EgressRule {
  readonly id: RuleId;
  readonly effect: Effect;
  readonly from: Selector;
  readonly to: OutsidePattern;
  readonly port: number;
  readonly private: boolean;
  readonly via: AgentId | null;
  readonly until: string | null;
}

/** A verdict that writes on the network may not change. */
export interface PolicyTest {
  readonly id: PolicyTestId;
  readonly from: Selector;
  readonly to: AliasName;
  readonly port: number;
  readonly effect: Effect;
}

/**
 * What `evaluate` reads. The control plane has it from the fold, an agent from its snapshot: one function serves both.
 */
export interface NetworkView {
  readonly networkId: NetworkId;
  readonly name: NetworkName;
  readonly version: number;
  readonly sandboxes: ReadonlyMap<SandboxId, AttachedSandbox>;
  readonly aliases: ReadonlyMap<AliasName, AliasRecord>;
  readonly rules: ReadonlyMap<RuleId, Rule>;
  /** An agent has those alone that a sandbox of its own is a source of, and those that it needs as an exit. */
  readonly egressRules: ReadonlyMap<RuleId, EgressRule>;
}

/**
 * The version at which an element of a topology became what it is: in every version since, it is the same. Told to the
 * author of a command that changes nothing; no agent needs it, and no snapshot holds it.
 */
export interface Since {
  readonly since: number;
}

/** As `since`, of the attachment itself, of the agent that holds it, and of its labels. */
export interface TopologySandbox extends AttachedSandbox {
  readonly attachedSince: number;
  readonly placedSince: number;
  readonly labelledSince: number;
}

/** With its ports and the sandbox that publishes it. */
export interface TopologyAlias extends AliasRecord, Since {}
export interface TopologyRule extends Rule, Since {}
export interface TopologyEgressRule extends EgressRule, Since {}
export interface TopologyPolicyTest extends PolicyTest, Since {}

/** One network as its stream folds: version is the stream version. */
export interface Topology extends NetworkView {
  readonly sandboxes: ReadonlyMap<SandboxId, TopologySandbox>;
  readonly aliases: ReadonlyMap<AliasName, TopologyAlias>;
  readonly rules: ReadonlyMap<RuleId, TopologyRule>;
  readonly egressRules: ReadonlyMap<RuleId, TopologyEgressRule>;
  /** No agent needs them, and no snapshot holds them. */
  readonly policyTests: ReadonlyMap<PolicyTestId, TopologyPolicyTest>;
  readonly mode: 'agent_proxy';
  readonly maxStalenessSeconds: number;
  readonly deleted: boolean;
  /** The version at which it was quarantined: since then nobody takes part in it. null: it is not. */
  readonly quarantinedSince: number | null;
  /** Who published an alias that nobody publishes now: another sandbox may not take over its rules unasked. */
  readonly formerPublishers: ReadonlyMap<AliasName, SandboxId>;
}

/**
 * Plain JSON (a type alias, so that it is assignable to JsonValue): what one agent needs of one network. `compile`
 * makes it, `viewOf` turns it into a NetworkView.
 */
export type Snapshot = {
  readonly format: 1;
  readonly networkId: NetworkId;
  readonly name: NetworkName;
  readonly version: number;
  readonly maxStalenessSeconds: number;
  /** False tells the agent to let go of the network: every list is then empty. */
  readonly participates: boolean;
  /** Sorted by sandbox id. */
  readonly sandboxes: readonly {
    readonly sandboxId: SandboxId;
    readonly agentId: AgentId | null;
    readonly labels: { readonly [key: string]: string };
  }[];
  /** Sorted by alias. */
  readonly aliases: readonly {
    readonly alias: AliasName;
    readonly sandboxId: SandboxId;
    readonly ports: readonly AliasPort[];
  }[];
  /** Sorted by id; selectors in printed form. */
  readonly rules: readonly PrintedRule[];
  /** Sorted by id. Left out when there is none, as agents of releases without egress expect. */
  readonly egress?: readonly PrintedEgressRule[];
};

export type FlowSource =
  | { readonly kind: 'sandbox'; readonly sandboxId: SandboxId }
  | { readonly kind: 'local'; readonly user: UserName; readonly node: LocalNodeId };

export interface FlowQuestion {
  readonly source: FlowSource;
  readonly alias: AliasName;
  /** A published port. */
  readonly port: number;
}

/** A rule of which only one part does not match the question: its source, its alias or its port. */
export interface NearMiss {
  readonly ruleId: RuleId;
  readonly missed: MissedPart;
}

export interface Verdict {
  readonly effect: Effect;
  readonly reason: VerdictReason;
  readonly ruleId: RuleId | null;
  /** Rules that match all but one of source, alias and port. */
  readonly nearMisses: readonly NearMiss[];
  readonly version: number;
}

/** A question about a selector may stand for several sources. */
export interface SelectorVerdict {
  readonly effect: SelectorEffect;
  readonly reason: SelectorVerdictReason;
  readonly ruleId: RuleId | null;
  readonly nearMisses: readonly NearMiss[];
  readonly version: number;
  /** Set when mixed: each member with its own verdict. */
  readonly members: readonly { readonly source: PolicySource; readonly verdict: Verdict }[];
}
