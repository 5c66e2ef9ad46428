import type { AliasName, RuleId } from '#libs/contracts/ids.js';
import type { Effect } from '#libs/contracts/rules.js';
import { evaluateSource } from './evaluate.js';
import type { NetworkView } from './model.js';
import { sortedBy } from './order.js';
import { type PolicySource, sourceText } from './policy-source.js';
import { RuleSources } from './rule-sources.js';

/** What a rule decides: whether a source may reach a port. */
export interface PolicyEdge {
  readonly source: PolicySource;
  readonly alias: AliasName;
  readonly port: number;
  readonly effect: Effect;
  readonly ruleId: RuleId;
}

/**
 * Every source and published port that a rule decides, by the function that decides live traffic; where no rule does,
 * the default denies. In order of alias, port and source. Past `most` edges the others are counted only. `nowMs`
 * as in `evaluate`.
 */
export function policyEdges(
  view: NetworkView,
  most: number,
  nowMs: number,
  sources = new RuleSources(view),
): { readonly edges: readonly PolicyEdge[]; readonly leftOut: number } {
  const edges: PolicyEdge[] = [];
  let leftOut = 0;
  const rulesTo = Map.groupBy(view.rules.values(), ({ to, port }) => `${to} ${port}`);
  for (const { alias, ports } of sortedBy(view.aliases.values(), (record) => record.alias)) {
    for (const { published: port } of ports) {
      const found = new Map<string, PolicySource>();
      for (const { from } of rulesTo.get(`${alias} ${port}`) ?? []) {
        for (const source of sources.of(from)) found.set(sourceText(source), source);
      }
      if (edges.length + found.size > most) {
        leftOut += found.size;
        continue;
      }
      for (const source of sortedBy(found.values(), sourceText)) {
        const { effect, ruleId } = evaluateSource(view, source, alias, port, nowMs);
        if (ruleId !== null) edges.push({ source, alias, port, effect, ruleId });
      }
    }
  }
  return { edges, leftOut };
}
