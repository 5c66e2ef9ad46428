import type { Selector } from '#libs/contracts/selectors.js';
import type { FlowQuestion, FlowSource, NearMiss, NetworkView, Rule, Verdict } from '#libs/policy/model.js';

/**
 * The policy as the design states it, written as plainly as possible and sharing nothing with the evaluator under test:
 * every rule is compared with the source, one after the other.
 */
export function referenceVerdict(held: NetworkView, { source, alias, port }: FlowQuestion, nowMs: number): Verdict {
  const view = { ...held, rules: new Map([...held.rules].filter(([, rule]) => !hasEnded(rule, nowMs))) };
  const verdict = (effect: 'allow' | 'deny', reason: Verdict['reason'], rule: Rule | null = null): Verdict => ({
    effect,
    reason,
    ruleId: rule?.id ?? null,
    nearMisses: reason === 'NOT_ATTACHED' ? [] : near(view, { source, alias, port }),
    version: view.version,
  });
  if (source.kind === 'sandbox' && !view.sandboxes.has(source.sandboxId)) return verdict('deny', 'NOT_ATTACHED');
  const record = [...view.aliases.values()].find((candidate) => candidate.alias === alias);
  if (!record) return verdict('deny', 'NO_ALIAS');
  if (!record.ports.map(({ published }) => published).includes(port)) return verdict('deny', 'NO_PORT');

  const matching = inOrder(view).filter(
    (rule) => rule.to === alias && rule.port === port && standsFor(view, rule.from, source),
  );
  for (const rule of matching) if (rule.effect === 'deny') return verdict('deny', 'EXPLICIT_DENY', rule);
  for (const rule of matching) return verdict('allow', 'ALLOWED', rule);
  return verdict('deny', 'DEFAULT_DENY');
}

/** A deny applies until an event removes it. */
function hasEnded({ effect, until }: Rule, nowMs: number): boolean {
  return effect === 'allow' && until !== null && new Date(until).getTime() <= nowMs;
}

function near(view: NetworkView, { source, alias, port }: FlowQuestion): readonly NearMiss[] {
  return inOrder(view)
    .map((rule) => {
      const missed: NearMiss['missed'][] = [];
      if (!standsFor(view, rule.from, source)) missed.push('source');
      if (rule.to !== alias) missed.push('alias');
      if (rule.port !== port) missed.push('port');
      return { ruleId: rule.id, missed };
    })
    .flatMap(({ ruleId, missed: [first, ...others] }) =>
      first !== undefined && others.length === 0 ? [{ ruleId, missed: first }] : [],
    )
    .slice(0, 10);
}

function inOrder(view: NetworkView): readonly Rule[] {
  return [...view.rules.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Whether a selector matches this source: an attached sandbox, or a local node. */
export function standsFor(view: NetworkView, from: Selector, source: FlowSource): boolean {
  if (source.kind === 'local') {
    return from.kind === 'local' || (from.kind === 'local-user' && from.user === source.user);
  }
  switch (from.kind) {
    case 'any':
      return true;
    case 'sandbox':
      return from.sandboxId === source.sandboxId;
    case 'alias':
      return view.aliases.get(from.alias)?.sandboxId === source.sandboxId;
    case 'label':
      return view.sandboxes.get(source.sandboxId)?.labels[from.key] === from.value;
    case 'local':
    case 'local-user':
      return false;
  }
}
