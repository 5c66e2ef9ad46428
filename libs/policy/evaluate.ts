import type { AliasName } from '#libs/contracts/ids.js';
import { indexInForce } from './in-force.js';
import type { FlowQuestion, NetworkView, Verdict } from './model.js';
import { nearMisses } from './near-misses.js';
import type { PolicyIndex } from './policy-index.js';
import { type PolicySource, policySource, sourceText } from './policy-source.js';
import { publishedPort } from './published-port.js';
import { selectorsFor } from './selector-match.js';

/** Verdicts kept for one view; others, and those on aliases and ports of a peer's invention, are worked out again. */
const KEPT_VERDICTS = 10_000;

/**
 * The one policy decision, for live flows, tests, diagnostics and replay alike. Default deny; any matching deny beats
 * every allow; there are no priorities.
 *
 * Reasons are found in this order, so that a source learns nothing of a network that it is not attached to:
 * NOT_ATTACHED, NO_ALIAS, NO_PORT, EXPLICIT_DENY, ALLOWED, DEFAULT_DENY. `ruleId` is the deciding rule, the lowest id
 * when several decide alike, and null when none did. A repeated question on the same view costs one look-up.
 *
 * `nowMs` is the time that is asked about, in milliseconds since 1970: an allow whose end has come does nothing.
 */
export function evaluate(view: NetworkView, question: FlowQuestion, nowMs: number): Verdict {
  return evaluateSource(view, policySource(question.source), question.alias, question.port, nowMs);
}

/** As `evaluate`, for a source that may be a local node of no particular user. */
export function evaluateSource(
  view: NetworkView,
  source: PolicySource,
  alias: AliasName,
  port: number,
  nowMs: number,
): Verdict {
  if (source.kind === 'sandbox' && !view.sandboxes.has(source.sandboxId)) {
    return { effect: 'deny', reason: 'NOT_ATTACHED', ruleId: null, nearMisses: [], version: view.version };
  }
  const index = indexInForce(view, nowMs);
  const key = `${alias} ${port} ${sourceText(source)}`;
  const known = index.verdicts.get(key);
  if (known !== undefined) return known;
  const verdict = judge(index, source, alias, port);
  const isAboutWhatExists = verdict.reason !== 'NO_ALIAS' && verdict.reason !== 'NO_PORT';
  if (isAboutWhatExists && index.verdicts.size < KEPT_VERDICTS) index.verdicts.set(key, verdict);
  return verdict;
}

function judge(index: PolicyIndex, source: PolicySource, alias: AliasName, port: number): Verdict {
  const { view } = index;
  const selectors = selectorsFor(view, source);
  const rest = { nearMisses: nearMisses(index, selectors, alias, port), version: view.version };
  const record = view.aliases.get(alias);
  if (record === undefined) return { effect: 'deny', reason: 'NO_ALIAS', ruleId: null, ...rest };
  if (publishedPort(record, port) === null) return { effect: 'deny', reason: 'NO_PORT', ruleId: null, ...rest };
  const matching = (index.byAlias.get(alias) ?? []).filter((rule) => rule.port === port && selectors.has(rule.from));
  const deny = matching.find(({ effect }) => effect === 'deny');
  if (deny !== undefined) return { effect: 'deny', reason: 'EXPLICIT_DENY', ruleId: deny.id, ...rest };
  const [allow] = matching;
  if (allow !== undefined) return { effect: 'allow', reason: 'ALLOWED', ruleId: allow.id, ...rest };
  return { effect: 'deny', reason: 'DEFAULT_DENY', ruleId: null, ...rest };
}
