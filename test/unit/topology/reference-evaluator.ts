import type { NearMiss } from '#libs/contracts/bus-messages.js';
import { formatSelector } from '#libs/contracts/selectors.js';
import type { FlowQuestion, FlowSource, NetworkView, Rule, Verdict } from '#libs/topology/model.js';

/**
 * Policy as the design states it, written as plainly as possible and with nothing shared with the evaluator under
 * test: the names a source goes by are listed, and a rule matches when its printed selector is among them.
 */
export function referenceVerdict(view: NetworkView, { source, alias, port }: FlowQuestion): Verdict {
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

  const names = namesOf(view, source);
  const matching = inOrder(view).filter(
    (rule) => rule.to === alias && rule.port === port && names.has(formatSelector(rule.from)),
  );
  for (const rule of matching) if (rule.effect === 'deny') return verdict('deny', 'EXPLICIT_DENY', rule);
  for (const rule of matching) return verdict('allow', 'ALLOWED', rule);
  return verdict('deny', 'DEFAULT_DENY');
}

function near(view: NetworkView, { source, alias, port }: FlowQuestion): readonly NearMiss[] {
  const names = namesOf(view, source);
  return inOrder(view)
    .map((rule) => {
      const missed: NearMiss['missed'][] = [];
      if (!names.has(formatSelector(rule.from))) missed.push('source');
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

function namesOf(view: NetworkView, source: FlowSource): ReadonlySet<string> {
  if (source.kind === 'local') return new Set(['local', `local:${source.user}`]);
  const aliases = [...view.aliases.values()].filter(({ sandboxId }) => sandboxId === source.sandboxId);
  const labels = Object.entries(view.sandboxes.get(source.sandboxId)?.labels ?? {});
  return new Set([
    'any',
    `sandbox:${source.sandboxId}`,
    ...aliases.map(({ alias }) => alias),
    ...labels.map(([key, value]) => `label:${key}=${value}`),
  ]);
}
