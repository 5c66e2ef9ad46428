import type { SandboxId, UserName } from '#libs/contracts/ids.js';
import type { FlowSource } from './model.js';

/** The source of a policy question. `user: null`: a local node whose user no rule names. */
export type PolicySource =
  | { readonly kind: 'sandbox'; readonly sandboxId: SandboxId }
  | { readonly kind: 'local'; readonly user: UserName | null };

/** Policy depends on the user of a local node, not on which of the user's nodes it is. */
export function policySource(source: FlowSource): PolicySource {
  return source.kind === 'sandbox' ? source : { kind: 'local', user: source.user };
}

/** A text for each source; equal texts mean equal sources. */
export function sourceText(source: PolicySource): string {
  return source.kind === 'sandbox' ? source.sandboxId : `:${source.user ?? ''}`;
}
