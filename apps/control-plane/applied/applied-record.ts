import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { AgentId } from '#libs/contracts/ids.js';

/** An acknowledgement as it was kept: by whom, and when the store wrote it down. */
export interface AppliedRecord extends Omit<AppliedMessage, 'protocol' | 'signature'> {
  readonly agentId: AgentId;
  readonly receivedAt: Date;
}
