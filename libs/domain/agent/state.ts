import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId } from '#libs/contracts/ids.js';
import type { AgentEvent } from '../events.js';

/** An agent as its stream folds: version is the stream version. */
export interface AgentState {
  readonly agentId: AgentId;
  readonly version: number;
  readonly status: 'enrolled' | 'revoked';
  /** Public key that its renewals are signed with. */
  readonly nkey: string;
  readonly meshKeyThumbprint: string;
}

/** The stream does not begin with AgentEnrolled. */
export class AgentStreamError extends CodedError {
  constructor(type: string) {
    super(
      'STREAM_OUT_OF_ORDER',
      `event ${type} cannot begin an agent stream`,
      'run gstacks audit verify: the log may be damaged',
    );
  }
}

/** The agent after one more event of its stream. Throws AgentStreamError. */
export function evolveAgent(before: AgentState | null, event: AgentEvent): AgentState {
  if (event.type === 'AgentEnrolled') {
    return { ...event.data, version: (before?.version ?? 0) + 1, status: 'enrolled' };
  }
  if (before === null) throw new AgentStreamError(event.type);
  const version = before.version + 1;
  return event.type === 'AgentRenewed'
    ? { ...before, ...event.data, version }
    : { ...before, version, status: 'revoked' };
}
