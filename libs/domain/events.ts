import type {
  AgentId,
  AliasName,
  LocalNodeId,
  NetworkId,
  NetworkName,
  RuleId,
  SandboxId,
  UserName,
} from '#libs/contracts/ids.js';
import type { AliasPort } from '#libs/contracts/ports.js';

/** Events are stored as written and read for ever: a changed shape is a new schema version and an upcaster. */
export type Labels = { readonly [key: string]: string };
export type NetworkMode = 'agent_proxy';

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
        readonly effect: 'allow' | 'deny';
        /** A selector in its printed form. */
        readonly from: string;
        readonly to: AliasName;
        readonly port: number;
      };
    }
  | { readonly type: 'PolicyRuleRemoved'; readonly data: { readonly ruleId: RuleId } }
  | {
      readonly type: 'SandboxPlacementChanged';
      readonly data: { readonly sandboxId: SandboxId; readonly agentId: AgentId | null };
    }
  | {
      readonly type: 'SandboxLabelsChanged';
      readonly data: { readonly sandboxId: SandboxId; readonly labels: Labels };
    }
  | { readonly type: 'NetworkDeleted'; readonly data: Record<string, never> };

export type SandboxEvent =
  | { readonly type: 'SandboxRegistered'; readonly data: { readonly sandboxId: SandboxId } }
  | {
      readonly type: 'SandboxPlaced';
      readonly data: { readonly agentId: AgentId; readonly address: string; readonly driver: string };
    }
  | { readonly type: 'SandboxLabelled'; readonly data: { readonly labels: Labels } }
  | { readonly type: 'SandboxGone'; readonly data: { readonly agentId: AgentId } }
  | { readonly type: 'SandboxReturned'; readonly data: { readonly agentId: AgentId; readonly address: string } }
  /** The agent was revoked: the sandbox belongs to nobody until another agent reports it. */
  | { readonly type: 'SandboxReleased'; readonly data: { readonly agentId: AgentId } };

export type AgentEvent =
  | {
      readonly type: 'AgentEnrolled';
      readonly data: { readonly agentId: AgentId; readonly nkey: string; readonly meshKeyThumbprint: string };
    }
  | {
      readonly type: 'AgentRenewed';
      readonly data: { readonly nkey: string; readonly meshKeyThumbprint: string };
    }
  | { readonly type: 'AgentRevoked'; readonly data: { readonly reason: string } };

export type LocalNodeEvent =
  | {
      readonly type: 'LocalNodeJoined';
      readonly data: {
        readonly nodeId: LocalNodeId;
        readonly user: UserName;
        readonly networkId: NetworkId;
        readonly machine: string;
        readonly nkey: string;
        readonly meshKeyThumbprint: string;
        /** The id of the API token, which is no secret. */
        readonly tokenId: string;
        readonly expiresAt: string;
      };
    }
  | {
      readonly type: 'LocalNodeRenewed';
      readonly data: { readonly meshKeyThumbprint: string; readonly tokenId: string; readonly expiresAt: string };
    }
  | { readonly type: 'LocalNodeExpired'; readonly data: { readonly reason: string } }
  | { readonly type: 'LocalNodeRevoked'; readonly data: { readonly reason: string } }
  | { readonly type: 'LocalNodeLeft'; readonly data: Record<string, never> };

export type DomainEvent = NetworkEvent | SandboxEvent | AgentEvent | LocalNodeEvent;

export const SCHEMA_VERSION = 1;

export const networkStream = (id: NetworkId): string => `network-${id}`;
export const sandboxStream = (id: SandboxId): string => `sandbox-${id}`;
export const agentStream = (id: AgentId): string => `agent-${id}`;
export const localNodeStream = (id: LocalNodeId): string => `local-node-${id}`;
