import { parseSelector } from '#libs/contracts/selectors.js';
import { useNames } from '../policy/alias-rule-fields.js';

/** A selector that can match sandboxes; developers' machines reach names outside by themselves. */
export function parseSandboxSelector(text: string): unknown {
  return parseSelector(text, 'from');
}

/** The selectors offered for choice. */
export function useSandboxSelectors(network: string): readonly string[] {
  return useNames(network, '').sources.filter((source) => source !== 'local');
}
