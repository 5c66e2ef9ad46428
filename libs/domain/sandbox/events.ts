import type { AgentId, SandboxId } from '#libs/contracts/ids.js';
import type { EventSchemas } from '../event-schemas.js';
import type { Labels } from '../labels.js';

/** What happens to a sandbox. Stored as written and read for ever: a changed shape is a new schema version. */
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

/** The schema version of each event, and how older ones are read. */
export const SANDBOX_SCHEMAS: EventSchemas<SandboxEvent> = {
  SandboxRegistered: { upcasts: [] },
  SandboxPlaced: { upcasts: [] },
  SandboxLabelled: { upcasts: [] },
  SandboxGone: { upcasts: [] },
  SandboxReturned: { upcasts: [] },
  SandboxReleased: { upcasts: [] },
};
