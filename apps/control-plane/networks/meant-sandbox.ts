import { type AliasName, parseSandboxId, type SandboxId } from '#libs/contracts/ids.js';
import type { Selector } from '#libs/contracts/selectors.js';
import type { Directory } from '../record/directory.js';

/**
 * The sandbox whose id the selector gives as an alias, as in `--from sbx-web` instead of `sandbox:sbx-web`; null: no
 * agent reports a sandbox with that id, or the author insists on the alias.
 */
export function meantSandbox(from: Selector, isForced: boolean, directory: Directory): SandboxId | null {
  return from.kind !== 'alias' || isForced ? null : sandboxNamed(from.alias, directory);
}

/** The sandbox whose id is given as an alias; null: no agent reports one, or no alias is given. */
export function sandboxNamed(alias: AliasName | undefined, directory: Directory): SandboxId | null {
  return alias === undefined ? null : (directory.sandbox(parseSandboxId(alias, 'alias'))?.sandboxId ?? null);
}
