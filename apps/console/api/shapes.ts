import type {
  AgentDto,
  AgentNetworkStatusDto,
  AppliedDto,
  AppliedSummaryDto,
  ConsoleSessionDto,
  DeniedNameDto,
  ExplanationDto,
  ListedAliasDto,
  ListedEgressRuleDto,
  ListedPolicyTestDto,
  ListedRuleDto,
  NetworkDiffDto,
  NetworkDto,
  OpenFlowsDto,
  PastChangeDto,
  PastVersionDto,
  PolicyEdgeDto,
  PreviewDto,
  ReachabilityDto,
  ReachedDto,
  RuleStandingDto,
  SandboxDto,
  SessionDto,
  TokenDto,
  VerdictDto,
  VerdictTurnDto,
} from '#libs/api-client/generated/types.gen.js';

/** The control plane's answers, by the names used on this page. */
export type AppliedSummary = AppliedSummaryDto;
export type Network = NetworkDto;
export type AgentStatus = AgentNetworkStatusDto;
export type Applied = AppliedDto;
export type Alias = ListedAliasDto;
export type Rule = ListedRuleDto;
export type EgressRule = ListedEgressRuleDto;
export type DeniedName = DeniedNameDto;
export type RuleEffect = RuleStandingDto;
export type RuleShare = RuleStandingDto['overrides'][number];
export type IdleReason = NonNullable<RuleStandingDto['idle']>;
export type Edge = PolicyEdgeDto;
export type Reachability = ReachabilityDto;
export type FlowPair = OpenFlowsDto;
export type Reach = ReachedDto;
export type Preview = PreviewDto;
export type Role = SessionDto['role'];
export type Session = SessionDto;
export type SessionItem = ConsoleSessionDto;
export type Sandbox = SandboxDto;
export type Token = TokenDto;
export type Agent = AgentDto;
export type Verdict = VerdictDto;
export type PastChange = PastChangeDto;
export type PastVersion = PastVersionDto;
export type NetworkDiff = NetworkDiffDto;
export type Explanation = ExplanationDto;
export type VerdictTurn = VerdictTurnDto;
export type PolicyTest = ListedPolicyTestDto;

/** May this source reach this alias, or name outside, and port? */
export interface Question {
  readonly from: string;
  readonly alias: string;
  readonly port: number;
}

/** A write that can be previewed. */
export type Intent =
  | {
      readonly kind: 'attach' | 'publish-alias';
      readonly sandboxId: string;
      readonly alias?: string;
      readonly ports?: string[];
      readonly inheritRules?: boolean;
      readonly replacePorts?: boolean;
    }
  | (RuleEnd & {
      readonly kind: 'add-rule';
      readonly effect: 'allow' | 'deny';
      readonly from: string;
      readonly to: string;
      readonly port: number;
    })
  | { readonly kind: 'remove-rule'; readonly ruleId: string }
  | (RuleEnd & {
      readonly kind: 'add-egress-rule';
      readonly effect: 'allow' | 'deny';
      readonly from: string;
      readonly to: string;
      readonly port: number;
      readonly private: boolean;
      readonly via?: string;
    })
  | { readonly kind: 'remove-egress-rule'; readonly ruleId: string }
  | { readonly kind: 'remove-alias'; readonly alias: string }
  | { readonly kind: 'detach'; readonly sandboxId: string }
  | { readonly kind: 'delete'; readonly detachAll?: boolean }
  | { readonly kind: 'revert'; readonly version: number };

/** How long a new rule lasts; neither: until it is removed. */
export interface RuleEnd {
  readonly forSeconds?: number;
  readonly until?: string;
}
