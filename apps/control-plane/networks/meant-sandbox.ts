import { parseSandboxId, type SandboxId } from '#libs/contracts/ids.js';
import type { Selector } from '#libs/contracts/selectors.js';
import type { Directory } from '../record/directory.js';

/**
 * The sandbox whose id the selector gives as an alias, as in `--from sbx-web` instead of `sandbox:sbx-web`; null: no
 * agent reports a sandbox with that id, or the author insists on the alias.
 */
export function meantSandbox(from: Selector, isForced: boolean, directory: Directory): SandboxId | null {
  if (from.kind !== 'alias' || isForced) return null;
  return directory.sandbox(parseSandboxId(from.alias, 'from'))?.sandboxId ?? null;
}
