import type { AgentId } from '#libs/contracts/ids.js';
import type { EventSchemas } from '../event-schemas.js';

/** What happens to an agent. Stored as written and read for ever: a changed shape is a new schema version. */
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

/** The schema version of each event, and how older ones are read. */
export const AGENT_SCHEMAS: EventSchemas<AgentEvent> = {
  AgentEnrolled: { upcasts: [] },
  AgentRenewed: { upcasts: [] },
  AgentRevoked: { upcasts: [] },
};
