import { InvalidInputError } from '#libs/contracts/errors.js';
import { parseLabel } from '#libs/contracts/selectors.js';

/** Parses `tier=web team=shop`, one label per word; throws InvalidInputError. */
export function parseLabelsText(text: string): ReadonlyMap<string, string> {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  return new Map(
    words.map((word) => {
      const equals = word.indexOf('=');
      if (equals < 0) throw new InvalidInputError('labels', word, 'labels such as tier=web');
      return parseLabel(word.slice(0, equals), word.slice(equals + 1), 'labels');
    }),
  );
}

export interface LabelChange {
  readonly set: { readonly [key: string]: string };
  readonly remove: readonly string[];
}

/** The labels to set and remove to get from one to the other. */
export function labelChange(
  before: { readonly [key: string]: string },
  after: ReadonlyMap<string, string>,
): LabelChange {
  const set = Object.fromEntries([...after].filter(([key, value]) => before[key] !== value));
  return { set, remove: Object.keys(before).filter((key) => !after.has(key)) };
}
