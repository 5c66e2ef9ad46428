import type { SandboxId } from '#libs/contracts/ids.js';
import type { Selector } from '#libs/contracts/selectors.js';
import type { Topology } from '#libs/policy/model.js';
import { SourceIsSandboxError } from './refusals.js';

/**
 * Detects the most common mistake in rules: a sandbox's id in place of an alias. Such a rule matches nobody, and a deny
 * of that kind denies nothing. null: the selector is fine.
 */
export function sandboxAsAlias(
  from: Selector,
  meantSandbox: SandboxId | null,
  network: Topology,
): SourceIsSandboxError | null {
  if (meantSandbox === null || from.kind !== 'alias' || network.aliases.has(from.alias)) return null;
  return new SourceIsSandboxError(network, meantSandbox);
}
