import type { PrintedEgressRule } from '#libs/contracts/egress-rules.js';
import type {
  AgentId,
  AliasName,
  NetworkId,
  NetworkName,
  OutsidePattern,
  PolicyTestId,
  RuleId,
  RuleReference,
  SandboxId,
} from '#libs/contracts/ids.js';
import type { PrintedPolicyTest } from '#libs/contracts/policy-tests.js';
import type { AliasPort } from '#libs/contracts/ports.js';
import type { Effect, PrintedRule } from '#libs/contracts/rules.js';
import type { Selector } from '#libs/contracts/selectors.js';
import type { AliasRecord, PolicyTest, Topology } from '#libs/policy/model.js';
import type { DomainError, Outcome } from '../decision.js';
import type { Labels } from '../labels.js';
import type { NetworkEvent, NetworkMode } from '../network/events.js';
import type { SandboxState } from '../sandbox/state.js';

export interface Publication {
  readonly alias: AliasName;
  readonly ports: readonly AliasPort[];
}

export interface NewRule {
  readonly ruleId: RuleId;
  readonly from: Selector;
  readonly to: AliasName;
  readonly port: number;
  /** The sandbox that has the id which `from` gives as an alias: likely what was meant. */
  readonly meantSandbox: SandboxId | null;
  /** As in Rule of libs/policy. */
  readonly until: string | null;
  readonly now: Date;
}

export interface NewEgressRule {
  readonly ruleId: RuleId;
  readonly effect: Effect;
  readonly from: Selector;
  readonly to: OutsidePattern;
  readonly port: number;
  readonly private: boolean;
  readonly via: AgentId | null;
  /** As in NewRule, and what follows. */
  readonly meantSandbox: SandboxId | null;
  readonly until: string | null;
  readonly now: Date;
}

/** What a network is to hold. The ids of rules are for those that are not there yet. */
export interface DeclaredNetwork {
  readonly sandboxes: readonly {
    readonly sandboxId: SandboxId;
    /** As in AttachSandbox; not looked at when it is attached already. */
    readonly sandbox: SandboxState | null;
    readonly aliases: readonly Publication[];
  }[];
  readonly rules: readonly (NewRule & { readonly effect: Effect })[];
  readonly egress: readonly NewEgressRule[];
}

/** `added` is false of a rule that was there already. */
export interface AddedRule {
  readonly rule: PrintedRule;
  readonly added: boolean;
}

/** Every command of a network stream: what it says, and what its author is told when it is carried out. */
export interface NetworkCommands {
  CreateNetwork: {
    says: {
      readonly networkId: NetworkId;
      readonly name: NetworkName;
      readonly mode: NetworkMode;
      readonly maxStalenessSeconds: number;
    };
    tells: { readonly networkId: NetworkId; readonly name: NetworkName };
  };
  DeleteNetwork: {
    says: { readonly detachAll: boolean };
    tells: { readonly detached: readonly SandboxId[] };
  };
  AttachSandbox: {
    says: {
      readonly sandboxId: SandboxId;
      /** As its own stream folds; null: there is no such sandbox. */
      readonly sandbox: SandboxState | null;
      readonly publication: Publication | null;
      /** The sandbox that has the id which is given as the alias: likely the two were swapped. */
      readonly meantSandbox: SandboxId | null;
      readonly inheritRules: boolean;
      readonly replacePorts: boolean;
    };
    tells: { readonly sandboxId: SandboxId; readonly alias: AliasName | null };
  };
  DetachSandbox: {
    says: { readonly sandboxId: SandboxId };
    /** rulesLeft: rules that name one of the aliases removed. */
    tells: {
      readonly sandboxId: SandboxId;
      readonly aliasesRemoved: readonly AliasName[];
      readonly rulesLeft: number;
    };
  };
  PublishAlias: {
    says: Publication & {
      readonly sandboxId: SandboxId;
      readonly inheritRules: boolean;
      /** Of an alias that the sandbox publishes already: these ports alone, where they would join the others. */
      readonly replacePorts: boolean;
    };
    tells: AliasRecord;
  };
  RemoveAlias: {
    says: { readonly alias: AliasName };
    tells: { readonly alias: AliasName; readonly rulesLeft: number };
  };
  AddRule: {
    says: NewRule & { readonly effect: Effect };
    /** The rule there was, when an identical one exists. */
    tells: PrintedRule;
  };
  /** All of them or none. */
  AddRules: {
    says: { readonly effect: Effect; readonly rules: readonly NewRule[] };
    tells: readonly AddedRule[];
  };
  RemoveRule: {
    says: { readonly ruleId: RuleReference };
    tells: PrintedRule;
  };
  AddEgressRule: {
    says: NewEgressRule;
    /** The rule there was, when an identical one exists. */
    tells: PrintedEgressRule;
  };
  RemoveEgressRule: {
    says: { readonly ruleId: RuleReference };
    tells: PrintedEgressRule;
  };
  /** All of it or nothing. */
  ApplyDeclaration: {
    says: DeclaredNetwork & {
      /** Remove what is not declared. */
      readonly prune: boolean;
    };
    /** What was written, in order. */
    tells: readonly NetworkEvent[];
  };
  /** Rules, egress rules, aliases and attachments as they were. Labels and hosts are those of the sandboxes now. */
  RevertNetwork: {
    says: {
      /** What the network's stream folded to at the version. */
      readonly past: Topology;
      /** Those of its sandboxes that the record knows now. */
      readonly sandboxes: ReadonlyMap<SandboxId, SandboxState>;
      /** Rules whose time is over by now do not come back. */
      readonly now: Date;
    };
    /** What was written, in order. */
    tells: readonly NetworkEvent[];
  };
  AddPolicyTest: {
    says: Omit<PolicyTest, 'id'> & { readonly testId: PolicyTestId };
    /** The test there was, when an identical one exists. */
    tells: PrintedPolicyTest;
  };
  RemovePolicyTest: {
    says: { readonly testId: PolicyTestId };
    tells: PrintedPolicyTest;
  };
  /** From the time: every rule that is over by then, of either kind. */
  ExpireRules: {
    says: { readonly now: Date };
    tells: null;
  };
  /** Needs no more of the network than its name. */
  QuarantineNetwork: {
    says: { readonly agents: readonly AgentId[]; readonly reason: string };
    tells: { readonly agents: readonly AgentId[] };
  };
  LiftQuarantine: {
    says: Record<never, never>;
    tells: null;
  };
  /** From the sandbox's own stream, as is ChangeLabels. */
  ChangePlacement: {
    says: { readonly sandboxId: SandboxId; readonly agentId: AgentId | null };
    tells: null;
  };
  ChangeLabels: {
    says: { readonly sandboxId: SandboxId; readonly labels: Labels };
    tells: null;
  };
}

export type NetworkCommandKind = keyof NetworkCommands;
export type NetworkCommandOf<Kind extends NetworkCommandKind> = { readonly kind: Kind } & NetworkCommands[Kind]['says'];
export type NetworkResultOf<Kind extends NetworkCommandKind> = NetworkCommands[Kind]['tells'];
export type NetworkCommand = { [Kind in NetworkCommandKind]: NetworkCommandOf<Kind> }[NetworkCommandKind];

/** What a command makes of a network. */
export interface NetworkOutcome<Result> extends Outcome<NetworkEvent, Result> {
  /**
   * Of a command that writes nothing: the version at which what it asks for became so. null: it writes something, or
   * what it is about is not there.
   */
  readonly unchangedSince: number | null;
}

export type NetworkDecision<Kind extends NetworkCommandKind> = NetworkOutcome<NetworkResultOf<Kind>> | DomainError;
