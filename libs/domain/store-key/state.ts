import { CodedError } from '#libs/contracts/errors.js';
import type { KeySuccession, StoreKey } from '#libs/contracts/store-keys.js';
import type { StoreKeyEvent } from './events.js';

/**
 * `offered`: members are to trust the next key as well, and the one before is in use. `used`: the new key is in use,
 * and members still trust the one before. `settled`: there is one key.
 */
export const ROTATION_STAGES = ['settled', 'offered', 'used'] as const;
export type RotationStage = (typeof ROTATION_STAGES)[number];

/** A key of the store that was rotated at least once. version is the stream version. */
export interface StoreKeyState {
  readonly key: StoreKey;
  readonly version: number;
  readonly stage: RotationStage;
  readonly inUse: string;
  /** What the key in use is to be followed by; null unless the stage is `offered`. */
  readonly next: string | null;
  /** Keys that were in use before, the last one last. */
  readonly former: readonly string[];
  readonly successions: readonly KeySuccession[];
}

/** The stream does not begin with KeyRotationBegan. */
export class StoreKeyStreamError extends CodedError {
  constructor(type: string) {
    super(
      'STREAM_OUT_OF_ORDER',
      `event ${type} cannot begin the stream of a key`,
      'see docs/operations.md, STREAM_UNREADABLE: a newer release wrote it, or the log is damaged',
    );
  }
}

/** The key after one more event of its stream. Throws StoreKeyStreamError. */
export function evolveStoreKey(before: StoreKeyState | null, event: StoreKeyEvent): StoreKeyState {
  const version = (before?.version ?? 0) + 1;
  if (event.type === 'KeyRotationBegan') {
    const { key, from, to } = event.data;
    const [former, successions] = [before?.former ?? [], before?.successions ?? []];
    return { key, version, stage: 'offered', inUse: from, next: to, former, successions: [...successions, event.data] };
  }
  if (before === null) throw new StoreKeyStreamError(event.type);
  if (event.type === 'KeyPutToUse') {
    const former = [...before.former, before.inUse];
    return { ...before, version, stage: 'used', inUse: event.data.to, next: null, former };
  }
  return { ...before, version, stage: 'settled' };
}
