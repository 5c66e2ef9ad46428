import { parseSelector } from '#libs/contracts/selectors.js';
import { useNames } from '../policy/add-rule.js';

/** A selector that may stand for sandboxes; developers' machines reach names outside by themselves. */
export function parseSandboxSelector(text: string): unknown {
  return parseSelector(text, 'from');
}

/** What there is to choose from now. */
export function useSandboxSelectors(network: string): readonly string[] {
  return useNames(network, '').sources.filter((source) => source !== 'local');
}
