import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId } from '#libs/contracts/ids.js';
import type { AgentEvent } from '../agent/events.js';

/** The state of an agent: the fold of its stream. version is the stream version. */
export interface AgentState {
  readonly agentId: AgentId;
  readonly version: number;
  readonly status: 'enrolled' | 'revoked';
  /** Of a revoked agent, as its event says it: `revoked by admin`. */
  readonly revocation: string | null;
  /** The public key that its renewals are signed with. */
  readonly nkey: string;
  readonly meshKeyThumbprint: string;
  /** The bus and mesh keys that it was revoked with. They stay refused, whoever may have copied them. */
  readonly revokedKeys: readonly string[];
}

/** The stream does not begin with AgentEnrolled. */
export class AgentStreamError extends CodedError {
  constructor(type: string) {
    super(
      'STREAM_OUT_OF_ORDER',
      `event ${type} cannot begin an agent stream`,
      'see docs/operations.md, STREAM_UNREADABLE: a newer release wrote it, or the log is damaged',
    );
  }
}

/** The agent after one more event of its stream. Throws AgentStreamError. */
export function evolveAgent(before: AgentState | null, event: AgentEvent): AgentState {
  if (event.type === 'AgentEnrolled') {
    const revokedKeys = before?.revokedKeys ?? [];
    return { ...event.data, version: (before?.version ?? 0) + 1, status: 'enrolled', revocation: null, revokedKeys };
  }
  if (before === null) throw new AgentStreamError(event.type);
  const version = before.version + 1;
  switch (event.type) {
    case 'AgentRenewed':
      return { ...before, ...event.data, version };
    case 'AgentRevoked': {
      const revokedKeys = [...new Set([...before.revokedKeys, before.nkey, before.meshKeyThumbprint])];
      return { ...before, version, status: 'revoked', revocation: event.data.reason, revokedKeys };
    }
  }
}
