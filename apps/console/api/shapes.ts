import type {
  AgentDto,
  AgentNetworkStatusDto,
  AliasDto,
  AppliedDto,
  AppliedSummaryDto,
  ConsoleSessionDto,
  NetworkDto,
  PortDto,
  RuleDto,
  SandboxDto,
  SessionDto,
  TokenDto,
  VerdictDto,
  WarningDto,
} from '#libs/api-client/generated/types.gen.js';

export type AppliedSummary = AppliedSummaryDto;
export type Network = NetworkDto;
export type AgentStatus = AgentNetworkStatusDto;
export type Applied = AppliedDto;

export interface ListenerTrouble {
  readonly agentId: string;
  readonly state: 'failed' | 'pending' | 'unknown';
  readonly code: string | null;
  readonly message: string | null;
}
export interface Listeners {
  readonly up: number;
  readonly expected: number;
  readonly troubles: readonly ListenerTrouble[];
}
export type Alias = AliasDto & { readonly listeners?: Listeners };
export type Rule = RuleDto & { readonly since: number };

export type IdleReason = 'NO_ALIAS' | 'NO_PORT' | 'NO_SOURCE' | 'OVERRIDDEN' | 'REPEATED' | 'NO_ALLOW';
export interface RuleShare {
  readonly ruleId: string;
  readonly sources: number;
}
export interface RuleEffect {
  readonly ruleId: string;
  readonly decides: number;
  readonly sources: number;
  readonly overriddenBy: readonly RuleShare[];
  readonly overrides: readonly RuleShare[];
  readonly idle: IdleReason | null;
}
export interface Edge {
  readonly from: string;
  readonly alias: string;
  readonly port: number;
  readonly effect: 'allow' | 'deny';
  readonly ruleId: string;
  readonly since: number;
}
export interface Reachability {
  readonly network: string;
  readonly version: number;
  readonly sandboxes: readonly {
    readonly sandboxId: string;
    readonly agentId: string | null;
    readonly labels: { readonly [key: string]: string };
  }[];
  readonly aliases: readonly {
    readonly alias: string;
    readonly sandboxId: string;
    readonly ports: readonly PortDto[];
  }[];
  readonly edges: readonly Edge[];
  readonly edgesLeftOut: number;
  readonly rules: readonly RuleEffect[];
}
export interface NotKnown {
  readonly agentId: string;
  readonly reason: string;
}
export interface FlowPair {
  readonly from: string;
  readonly alias: string;
  readonly port: number;
  readonly open: number;
  readonly ruleId: string | null;
  readonly sourceAgentId: string | null;
  readonly targetAgentId: string | null;
  readonly oldestOpenedAt: string | null;
  readonly bytesToTarget: number;
  readonly bytesToSource: number;
}
export interface Flows {
  readonly network: string;
  readonly countedAt: string;
  readonly total: number;
  readonly pairs: readonly FlowPair[];
  readonly leftOut: number;
  readonly notKnown: readonly NotKnown[];
}
export interface Reach {
  readonly from: string;
  readonly alias: string;
  readonly port: number;
}
export interface Preview {
  readonly network: string;
  readonly version: number;
  readonly changed: boolean;
  readonly unchangedSince: number | null;
  readonly warnings: readonly WarningDto[];
  readonly gained: readonly Reach[];
  readonly gainedLeftOut: number;
  readonly lost: readonly Reach[];
  readonly lostLeftOut: number;
  readonly rules: readonly {
    readonly ruleId: string;
    readonly before: IdleReason | null;
    readonly after: IdleReason | null;
  }[];
  readonly cuts: {
    readonly countedAt: string;
    readonly cut: number;
    readonly kept: number;
    readonly pairs: readonly (FlowPair & { readonly isCut: boolean })[];
    readonly leftOut: number;
    readonly notKnown: readonly NotKnown[];
  };
}
export type Intent =
  | {
      readonly kind: 'add-rule';
      readonly effect: 'allow' | 'deny';
      readonly from: string;
      readonly to: string;
      readonly port: number;
    }
  | { readonly kind: 'remove-rule'; readonly ruleId: string }
  | { readonly kind: 'remove-alias'; readonly alias: string }
  | { readonly kind: 'detach'; readonly sandboxId: string }
  | { readonly kind: 'delete'; readonly detachAll?: boolean };

export type Role = SessionDto['role'];
export type Session = SessionDto;
export type SessionItem = ConsoleSessionDto;
export type Sandbox = SandboxDto & { readonly address?: string | null };
export type Token = TokenDto;
export type Agent = AgentDto;
export type Verdict = VerdictDto;
