import { type DestinationName, isOutsideName } from '#libs/contracts/outside-names.js';
import { evaluateSource } from './evaluate.js';
import { evaluateOutside } from './evaluate-outside.js';
import type { NetworkView, Verdict } from './model.js';
import type { PolicySource } from './policy-source.js';

/**
 * The decision about a source and whatever it wants to reach: an alias (`evaluate`) or a name outside
 * (`evaluateOutside`), at a time in milliseconds since 1970.
 */
export function evaluateDestination(
  view: NetworkView,
  source: PolicySource,
  to: DestinationName,
  port: number,
  nowMs: number,
): Verdict {
  if (!isOutsideName(to)) return evaluateSource(view, source, to, port, nowMs);
  if (source.kind === 'sandbox') return evaluateOutside(view, { sandboxId: source.sandboxId, name: to, port }, nowMs);
  // No name outside is reached through an agent from a developer's machine.
  return { effect: 'deny', reason: 'NOT_ATTACHED', ruleId: null, nearMisses: [], version: view.version };
}
