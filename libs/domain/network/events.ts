import type {
  AgentId,
  AliasName,
  NetworkId,
  NetworkName,
  OutsidePattern,
  PolicyTestId,
  RuleId,
  SandboxId,
} from '#libs/contracts/ids.js';
import type { AliasPort } from '#libs/contracts/ports.js';
import type { Effect } from '#libs/contracts/rules.js';
import type { EventData, EventSchemas } from '../event-schemas.js';
import type { Labels } from '../labels.js';

export type NetworkMode = 'agent_proxy';

/** What happens to a network. Stored as written and read for ever: a changed shape is a new schema version. */
export type NetworkEvent =
  | {
      readonly type: 'NetworkCreated';
      readonly data: {
        readonly networkId: NetworkId;
        readonly name: NetworkName;
        readonly mode: NetworkMode;
        readonly maxStalenessSeconds: number;
      };
    }
  | {
      readonly type: 'SandboxAttached';
      readonly data: { readonly sandboxId: SandboxId; readonly agentId: AgentId | null; readonly labels: Labels };
    }
  | { readonly type: 'SandboxDetached'; readonly data: { readonly sandboxId: SandboxId } }
  | {
      readonly type: 'AliasPublished';
      readonly data: { readonly alias: AliasName; readonly sandboxId: SandboxId; readonly ports: readonly AliasPort[] };
    }
  | {
      readonly type: 'AliasPortsChanged';
      readonly data: { readonly alias: AliasName; readonly ports: readonly AliasPort[] };
    }
  | { readonly type: 'AliasRemoved'; readonly data: { readonly alias: AliasName } }
  | {
      readonly type: 'PolicyRuleAdded';
      readonly data: {
        readonly ruleId: RuleId;
        readonly effect: Effect;
        /** A selector in its printed form. */
        readonly from: string;
        readonly to: AliasName;
        readonly port: number;
        /** As in Rule of libs/policy. */
        readonly until: string | null;
      };
    }
  | { readonly type: 'PolicyRuleRemoved'; readonly data: { readonly ruleId: RuleId } }
  /** The time that the rule was given is over: since `until` it has let nothing through. */
  | { readonly type: 'PolicyRuleExpired'; readonly data: { readonly ruleId: RuleId; readonly until: string } }
  | {
      readonly type: 'EgressRuleAdded';
      readonly data: {
        readonly ruleId: RuleId;
        readonly effect: Effect;
        /** A selector in its printed form. */
        readonly from: string;
        readonly to: OutsidePattern;
        readonly port: number;
        readonly private: boolean;
        /** The agent that connections leave from; null: that of the sandbox. */
        readonly via: AgentId | null;
        readonly until: string | null;
      };
    }
  | { readonly type: 'EgressRuleRemoved'; readonly data: { readonly ruleId: RuleId } }
  | { readonly type: 'EgressRuleExpired'; readonly data: { readonly ruleId: RuleId; readonly until: string } }
  | {
      readonly type: 'PolicyTestAdded';
      readonly data: {
        readonly testId: PolicyTestId;
        /** A selector in its printed form. */
        readonly from: string;
        readonly to: AliasName;
        readonly port: number;
        readonly effect: Effect;
      };
    }
  | { readonly type: 'PolicyTestRemoved'; readonly data: { readonly testId: PolicyTestId } }
  /** The command that wrote this breaks these tests, and an admin insisted on it. */
  | { readonly type: 'PolicyTestsOverridden'; readonly data: { readonly testIds: readonly PolicyTestId[] } }
  | {
      readonly type: 'SandboxPlacementChanged';
      readonly data: { readonly sandboxId: SandboxId; readonly agentId: AgentId | null };
    }
  | {
      readonly type: 'SandboxLabelsChanged';
      readonly data: { readonly sandboxId: SandboxId; readonly labels: Labels };
    }
  /**
   * Nobody takes part from now on. Known to every release that may have to write it on a stream that it cannot read to
   * the end, so that its shape never changes.
   */
  | {
      readonly type: 'NetworkQuarantined';
      readonly data: {
        /** Whoever was known to hold the network. */
        readonly agents: readonly AgentId[];
        readonly reason: string;
      };
    }
  | { readonly type: 'NetworkQuarantineLifted'; readonly data: Record<string, never> }
  | { readonly type: 'NetworkDeleted'; readonly data: Record<string, never> };

function withoutEnd(data: EventData): EventData {
  return { ...data, until: null };
}

/** The schema version of each event, and how older ones are read. */
export const NETWORK_SCHEMAS: EventSchemas<NetworkEvent> = {
  NetworkCreated: { upcasts: [] },
  SandboxAttached: { upcasts: [] },
  SandboxDetached: { upcasts: [] },
  AliasPublished: { upcasts: [] },
  AliasPortsChanged: { upcasts: [] },
  AliasRemoved: { upcasts: [] },
  // Version 1 knew no ends.
  PolicyRuleAdded: { upcasts: [withoutEnd] },
  PolicyRuleRemoved: { upcasts: [] },
  PolicyRuleExpired: { upcasts: [] },
  // Version 1 knew no exits, version 2 no ends.
  EgressRuleAdded: { upcasts: [(data) => ({ ...data, via: null }), withoutEnd] },
  EgressRuleRemoved: { upcasts: [] },
  PolicyTestAdded: { upcasts: [] },
  PolicyTestRemoved: { upcasts: [] },
  PolicyTestsOverridden: { upcasts: [] },
  EgressRuleExpired: { upcasts: [] },
  SandboxPlacementChanged: { upcasts: [] },
  SandboxLabelsChanged: { upcasts: [] },
  NetworkQuarantined: { upcasts: [] },
  NetworkQuarantineLifted: { upcasts: [] },
  NetworkDeleted: { upcasts: [] },
};
