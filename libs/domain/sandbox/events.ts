import type { AgentId, SandboxId } from '#libs/contracts/ids.js';
import type { EventSchemas } from '../event-schemas.js';
import type { Labels } from '../labels.js';

/** The events of a sandbox. They are stored for ever: a changed shape needs a new schema version. */
export type SandboxEvent =
  | { readonly type: 'SandboxRegistered'; readonly data: { readonly sandboxId: SandboxId } }
  | {
      readonly type: 'SandboxPlaced';
      readonly data: { readonly agentId: AgentId; readonly address: string; readonly driver: string };
    }
  | { readonly type: 'SandboxLabelled'; readonly data: { readonly labels: Labels } }
  | { readonly type: 'SandboxGone'; readonly data: { readonly agentId: AgentId } }
  | { readonly type: 'SandboxReturned'; readonly data: { readonly agentId: AgentId; readonly address: string } }
  /** The agent was revoked, or an operator released the sandbox: it belongs to nobody until an agent reports it. */
  | { readonly type: 'SandboxReleased'; readonly data: { readonly agentId: AgentId } }
  /** Its agent had reported it gone, and another agent reported it. */
  | {
      readonly type: 'SandboxMoved';
      readonly data: {
        readonly from: AgentId;
        readonly agentId: AgentId;
        readonly address: string;
        readonly driver: string;
      };
    }
  /** From now on only this agent may place it. */
  | { readonly type: 'SandboxPinned'; readonly data: { readonly agentId: AgentId } }
  | { readonly type: 'SandboxUnpinned'; readonly data: Record<string, never> };

/** The schema version of each event, and how older ones are converted. */
export const SANDBOX_SCHEMAS: EventSchemas<SandboxEvent> = {
  SandboxRegistered: { upcasts: [] },
  SandboxPlaced: { upcasts: [] },
  SandboxLabelled: { upcasts: [] },
  SandboxGone: { upcasts: [] },
  SandboxReturned: { upcasts: [] },
  SandboxReleased: { upcasts: [] },
  SandboxMoved: { upcasts: [] },
  SandboxPinned: { upcasts: [] },
  SandboxUnpinned: { upcasts: [] },
};
