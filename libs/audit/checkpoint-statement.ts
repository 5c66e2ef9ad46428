import { createHash } from 'node:crypto';

/** A state of a network that was made from the log, and the event that it is the state after. */
export interface LogCheckpoint {
  readonly networkId: string;
  readonly version: number;
  /** The hash of the event that made the version: of the whole log up to there. */
  readonly eventHash: string;
  readonly state: string;
}

/** The text that the signature of a checkpoint covers. It begins as no other text that the same key signs. */
export function checkpointStatement({ networkId, version, eventHash, state }: LogCheckpoint): string {
  const stateHash = createHash('sha256').update(state).digest('hex');
  return ['gs-checkpoint-v1', networkId, version, eventHash, stateHash].join('\n');
}
