import type { SandboxId } from '#libs/contracts/ids.js';
import type { Selector } from '#libs/contracts/selectors.js';
import type { Topology } from '#libs/policy/model.js';
import { SourceIsSandboxError } from './refusals.js';

/**
 * The slip that rules are written with most often: the id of a sandbox where an alias would stand. Such a rule would
 * stand for nobody, and a deny of that kind would deny nothing. null: the selector may stand.
 */
export function sandboxAsAlias(
  from: Selector,
  meantSandbox: SandboxId | null,
  network: Topology,
): SourceIsSandboxError | null {
  if (meantSandbox === null || from.kind !== 'alias' || network.aliases.has(from.alias)) return null;
  return new SourceIsSandboxError(network, meantSandbox);
}
