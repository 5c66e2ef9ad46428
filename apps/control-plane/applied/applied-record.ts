import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { AgentId } from '#libs/contracts/ids.js';

/** A stored acknowledgement: who sent it, and when the store wrote it. */
export interface AppliedRecord extends Omit<AppliedMessage, 'protocol' | 'signature'> {
  readonly agentId: AgentId;
  readonly receivedAt: Date;
}
