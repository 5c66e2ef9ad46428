import type { AgentId, OutsideName, OutsidePattern, SandboxId } from '#libs/contracts/ids.js';
import { covers, parentsOf } from '#libs/contracts/outside-names.js';
import { inForce } from './in-force.js';
import type { NearMiss, NetworkView, Verdict } from './model.js';
import { MAX_NEAR_MISSES, mergeNearMisses } from './near-misses.js';
import { domainOf, type IndexedEgressRule, outsideIndex } from './outside-index.js';
import { selectorsFor } from './selector-match.js';

export interface OutsideQuestion {
  readonly sandboxId: SandboxId;
  readonly name: OutsideName;
  readonly port: number;
}

export interface OutsideVerdict extends Verdict {
  /** Whether the name may lead to private and loopback addresses. */
  readonly mayBePrivate: boolean;
  /** The agent that the connection leaves from; null: that of the sandbox. */
  readonly via: AgentId | null;
}

/**
 * The one decision about names outside, for DNS, live flows, tests and diagnostics alike. Default deny; any matching
 * deny beats every allow. A local node, and a sandbox that is not attached, reaches no outside name.
 *
 * Reasons, in this order: NOT_ATTACHED, EXPLICIT_DENY, ALLOWED, DEFAULT_DENY. `ruleId` is the deciding rule, the lowest
 * id when several decide alike. Of several allows one that names an exit decides: whoever wrote it wants connections to
 * leave from there and from nowhere else. Near misses match all but one of source, name and port; `alias` stands for
 * the name. `nowMs` as in `evaluate`.
 */
export function evaluateOutside(
  held: NetworkView,
  { sandboxId, name, port }: OutsideQuestion,
  nowMs: number,
): OutsideVerdict {
  const view = inForce(held, nowMs);
  const { version } = view;
  const denied = { effect: 'deny', ruleId: null, mayBePrivate: false, via: null, version } as const;
  if (!view.sandboxes.has(sandboxId)) return { ...denied, reason: 'NOT_ATTACHED', nearMisses: [] };
  const selectors = selectorsFor(view, { kind: 'sandbox', sandboxId });
  const covering = rulesCovering(view, name);
  const matching = covering.filter((rule) => rule.port === port && selectors.has(rule.from));
  const nearMisses = outsideMisses(view, selectors, covering, name, port);
  const deny = matching.find(({ effect }) => effect === 'deny');
  if (deny !== undefined) return { ...denied, reason: 'EXPLICIT_DENY', ruleId: deny.id, nearMisses };
  const allow = matching.find(({ via }) => via !== null) ?? matching[0];
  if (allow === undefined) return { ...denied, reason: 'DEFAULT_DENY', nearMisses };
  const { id: ruleId, via } = allow;
  const mayBePrivate = matching.some((rule) => rule.private && rule.via === via);
  return { effect: 'allow', reason: 'ALLOWED', ruleId, nearMisses, mayBePrivate, via, version };
}

/** The ports on which a sandbox may reach a name, ascending; none: the name does not exist for it. */
export function allowedPorts(
  held: NetworkView,
  sandboxId: SandboxId,
  name: OutsideName,
  nowMs: number,
): readonly number[] {
  const view = inForce(held, nowMs);
  if (view.egressRules.size === 0 || !view.sandboxes.has(sandboxId)) return [];
  const selectors = selectorsFor(view, { kind: 'sandbox', sandboxId });
  const matching = rulesCovering(view, name).filter(({ from }) => selectors.has(from));
  const denied = new Set(matching.filter(({ effect }) => effect === 'deny').map(({ port }) => port));
  const allowed = new Set(matching.filter(({ effect, port }) => effect === 'allow' && !denied.has(port)).map(portOf));
  return [...allowed].sort((first, second) => first - second);
}

/** Whether a deny of any port covers the name for the sandbox. No deny ends by the time alone. */
export function isExplicitlyDenied(view: NetworkView, sandboxId: SandboxId, name: OutsideName): boolean {
  if (view.egressRules.size === 0 || !view.sandboxes.has(sandboxId)) return false;
  const selectors = selectorsFor(view, { kind: 'sandbox', sandboxId });
  return rulesCovering(view, name).some(({ effect, from }) => effect === 'deny' && selectors.has(from));
}

/**
 * The patterns that rules allow a sandbox, on whatever port: a name that none covers does not exist for it. A deny may
 * still leave nothing of one.
 */
export function allowedPatterns(held: NetworkView, sandboxId: SandboxId, nowMs: number): readonly OutsidePattern[] {
  const view = inForce(held, nowMs);
  if (view.egressRules.size === 0 || !view.sandboxes.has(sandboxId)) return [];
  const selectors = selectorsFor(view, { kind: 'sandbox', sandboxId });
  const patterns = new Set<OutsidePattern>();
  for (const { effect, from, to } of outsideIndex(view).rules) {
    if (effect === 'allow' && selectors.has(from)) patterns.add(to);
  }
  return [...patterns];
}

function portOf({ port }: IndexedEgressRule): number {
  return port;
}

/** Rules of either effect whose pattern covers the name, in order of id. */
function rulesCovering(view: NetworkView, name: OutsideName): readonly IndexedEgressRule[] {
  const { exact, below } = outsideIndex(view);
  const found = [...(exact.get(name) ?? []), ...parentsOf(name).flatMap((parent) => below.get(parent) ?? [])];
  return found.sort((first, second) => (first.id < second.id ? -1 : 1));
}

function outsideMisses(
  view: NetworkView,
  selectors: ReadonlySet<string>,
  covering: readonly IndexedEgressRule[],
  name: OutsideName,
  port: number,
): readonly NearMiss[] {
  const found: NearMiss[] = [];
  for (const rule of covering) {
    if (found.length === MAX_NEAR_MISSES) break;
    const isSource = selectors.has(rule.from);
    if (rule.port === port && !isSource) found.push({ ruleId: rule.id, missed: 'source' });
    if (rule.port !== port && isSource) found.push({ ruleId: rule.id, missed: 'port' });
  }
  let ofOtherNames = 0;
  for (const rule of outsideIndex(view).byDomain.get(domainOf(name)) ?? []) {
    if (ofOtherNames === MAX_NEAR_MISSES) break;
    if (rule.port !== port || !selectors.has(rule.from) || covers(rule.to, name)) continue;
    found.push({ ruleId: rule.id, missed: 'alias' });
    ofOtherNames += 1;
  }
  return mergeNearMisses(found);
}
