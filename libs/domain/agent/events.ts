import type { AgentId } from '#libs/contracts/ids.js';
import type { EventSchemas } from '../event-schemas.js';

/** The events of an agent. They are stored for ever: a changed shape needs a new schema version. */
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

/** The schema version of each event, and how older ones are converted. */
export const AGENT_SCHEMAS: EventSchemas<AgentEvent> = {
  AgentEnrolled: { upcasts: [] },
  AgentRenewed: { upcasts: [] },
  AgentRevoked: { upcasts: [] },
};
