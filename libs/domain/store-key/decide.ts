import type { KeySuccession, StoreKey } from '#libs/contracts/store-keys.js';
import { type Decision, DomainError } from '../decision.js';
import { listed } from '../listed.js';
import type { StoreKeyEvent } from './events.js';
import { evolveStoreKey, type RotationStage, type StoreKeyState } from './state.js';

/** `waiting`: agents that have not confirmed what this step needs; `without`: those that the author goes on without. */
interface Step {
  readonly key: StoreKey;
  readonly waiting: readonly string[];
  readonly without: readonly string[];
}

export type StoreKeyCommand =
  | { readonly kind: 'OfferKey'; readonly succession: KeySuccession }
  | ({ readonly kind: 'UseKey' } & Step)
  | ({ readonly kind: 'RetireKey' } & Step);

/** A step of a rotation that does not follow from where it is. */
export class RotationStageError extends DomainError {
  constructor(key: StoreKey, stage: RotationStage) {
    const now = {
      settled: 'no new one is offered',
      offered: 'the new one is not in use yet',
      used: 'the new one is in use',
    };
    super(
      'conflict',
      'KEY_ROTATION_STAGE',
      `this step of the rotation of key ${key} is not possible now: ${now[stage]}`,
      `gstacks admin keys rotate ${key}`,
    );
  }
}

/** The file of the key that is to follow is not in the keys folder. */
export class KeyFileLostError extends DomainError {
  constructor(key: StoreKey) {
    super(
      'conflict',
      'KEY_FILE_LOST',
      `the file of the new key ${key} is missing from the keys folder; the present key stays in use`,
      `start again with another key: gstacks admin keys rotate ${key}`,
    );
  }
}

/** Agents that would be cut off by the next step of a rotation. */
export class KeyNotTakenError extends DomainError {
  constructor(key: StoreKey, missing: readonly string[]) {
    const flags = missing.map((agent) => `--without ${agent}`).join(' ');
    super(
      'conflict',
      'KEY_NOT_TAKEN',
      `${listed(missing)} ${missing.length === 1 ? 'has' : 'have'} not confirmed the new key ${key}; the present ` +
        'key stays in use',
      `repeat this when they are in contact: gstacks admin keys rotate ${key}; or go on without them: gstacks ` +
        `admin keys rotate ${key} ${flags}`,
      'without',
    );
  }
}

/**
 * Decides a step of a rotation; the result is the key's new state. A step that was taken already changes nothing. A new
 * offer replaces one that is not in use yet. Refusals are returned: KEY_ROTATION_STAGE, KEY_NOT_TAKEN.
 */
export function decideStoreKey(
  command: StoreKeyCommand,
  state: StoreKeyState | null,
): Decision<StoreKeyEvent, StoreKeyState | null> {
  const stage = state?.stage ?? 'settled';
  const nothing = { events: [], result: state, warnings: [] };
  if (command.kind === 'OfferKey') {
    const { succession } = command;
    if (stage === 'used' || (stage === 'offered' && state?.next === succession.to)) return nothing;
    return outcome(state, { type: 'KeyRotationBegan', data: succession });
  }
  const { key, waiting, without } = command;
  const isUse = command.kind === 'UseKey';
  if (state === null || stage === (isUse ? 'settled' : 'offered')) return new RotationStageError(key, stage);
  if (stage !== (isUse ? 'offered' : 'used')) return nothing;
  const missing = waiting.filter((agentId) => !without.includes(agentId));
  if (missing.length > 0) return new KeyNotTakenError(key, missing);
  const left = waiting.filter((agentId) => without.includes(agentId));
  if (!isUse) {
    return outcome(state, { type: 'KeyRetired', data: { key, from: state.former.at(-1) ?? '', without: left } });
  }
  if (state.next === null) return new RotationStageError(key, stage);
  return outcome(state, { type: 'KeyPutToUse', data: { key, to: state.next, without: left } });
}

function outcome(before: StoreKeyState | null, event: StoreKeyEvent): Decision<StoreKeyEvent, StoreKeyState> {
  return { events: [event], result: evolveStoreKey(before, event), warnings: [] };
}
