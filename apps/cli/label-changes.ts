import { InvalidInputError } from '#libs/contracts/errors.js';
import { parseLabel } from '#libs/contracts/selectors.js';
import { UsageError } from './errors/errors.js';

export interface LabelChanges {
  readonly set: Record<string, string>;
  readonly remove: string[];
}

const ANY_VALUE = 'x';

/**
 * `key=value` sets and `key-` removes, as in kubectl; a key never ends in `-`. Throws InvalidInputError, UsageError.
 */
export function parseLabelChanges(words: readonly string[]): LabelChanges {
  const set = new Map<string, string>();
  const remove = new Set<string>();
  for (const word of words) {
    const equals = word.indexOf('=');
    if (equals < 0 && !word.endsWith('-'))
      throw new InvalidInputError('label', word, 'key=value, or key- to remove it');
    const key = equals < 0 ? word.slice(0, -1) : word.slice(0, equals);
    const [name, value] = parseLabel(key, equals < 0 ? ANY_VALUE : word.slice(equals + 1), 'label');
    if (set.has(name) || remove.has(name)) throw new InvalidInputError('label', word, 'each key once');
    if (equals < 0) remove.add(name);
    else set.set(name, value);
  }
  if (words.length === 0) {
    throw new UsageError('no labels are given', 'gstacks sandbox label <sandbox-id> tier=web, or tier- to remove it');
  }
  return { set: Object.fromEntries(set), remove: [...remove] };
}
