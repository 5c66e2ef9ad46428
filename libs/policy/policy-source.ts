import type { SandboxId, UserName } from '#libs/contracts/ids.js';
import type { FlowSource } from './model.js';

/** Who a policy question is about. `user: null` is a local node of whom only that is known: no rule names its user. */
export type PolicySource =
  | { readonly kind: 'sandbox'; readonly sandboxId: SandboxId }
  | { readonly kind: 'local'; readonly user: UserName | null };

/** Which of a user's nodes it is makes no difference to policy. */
export function policySource(source: FlowSource): PolicySource {
  return source.kind === 'sandbox' ? source : { kind: 'local', user: source.user };
}

/** One text for each source; two sources are the same exactly when their texts are. */
export function sourceText(source: PolicySource): string {
  return source.kind === 'sandbox' ? source.sandboxId : `:${source.user ?? ''}`;
}
