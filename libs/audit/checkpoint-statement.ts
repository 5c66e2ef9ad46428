import { createHash } from 'node:crypto';

/** A state that was made from the log, and the event that it is the state after. */
export interface LogCheckpoint {
  /** What it is the state of: a network's id, or a text that no id looks like. */
  readonly of: string;
  /** Of the event in its stream; of a state of the whole log, its position. */
  readonly version: number;
  /** The hash of the event that made the version: of the whole log up to there. */
  readonly eventHash: string;
  readonly state: string;
}

/** The text that the signature of a checkpoint covers. It begins as no other text that the same key signs. */
export function checkpointStatement({ of, version, eventHash, state }: LogCheckpoint): string {
  const stateHash = createHash('sha256').update(state).digest('hex');
  return ['gs-checkpoint-v1', of, version, eventHash, stateHash].join('\n');
}
