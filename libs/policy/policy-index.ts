import type { AliasName, RuleId, SandboxId } from '#libs/contracts/ids.js';
import { formatSelector } from '#libs/contracts/selectors.js';
import type { NetworkView, Rule, Verdict } from './model.js';
import { sortedBy } from './order.js';

export interface IndexedRule {
  readonly id: RuleId;
  readonly effect: 'allow' | 'deny';
  /** The selector in printed form. */
  readonly from: string;
  readonly to: AliasName;
  readonly port: number;
}

/** A view by what a question asks: each list of rules in order of id, and what was found out already. */
export interface PolicyIndex {
  readonly byAlias: ReadonlyMap<AliasName, readonly IndexedRule[]>;
  readonly bySelectorAndPort: ReadonlyMap<string, readonly IndexedRule[]>;
  readonly aliasesOf: ReadonlyMap<SandboxId, readonly AliasName[]>;
  readonly selectors: Map<string, ReadonlySet<string>>;
  readonly verdicts: Map<string, Verdict>;
}

/** A view never changes, so its index is made at the first question and lives as long as the view. */
const indexes = new WeakMap<NetworkView, PolicyIndex>();

export function policyIndex(view: NetworkView): PolicyIndex {
  const known = indexes.get(view);
  if (known !== undefined) return known;
  const rules = sortedBy(view.rules.values(), ({ id }) => id).map(indexed);
  const aliasesOf = new Map<SandboxId, AliasName[]>();
  for (const { alias, sandboxId } of view.aliases.values()) {
    const aliases = aliasesOf.get(sandboxId);
    if (aliases === undefined) aliasesOf.set(sandboxId, [alias]);
    else aliases.push(alias);
  }
  const index: PolicyIndex = {
    byAlias: Map.groupBy(rules, ({ to }) => to),
    bySelectorAndPort: Map.groupBy(rules, ({ from, port }) => selectorAndPort(from, port)),
    aliasesOf,
    selectors: new Map(),
    verdicts: new Map(),
  };
  indexes.set(view, index);
  return index;
}

/** The key of bySelectorAndPort: no selector has a space. */
export function selectorAndPort(selector: string, port: number): string {
  return `${selector} ${port}`;
}

function indexed({ id, effect, from, to, port }: Rule): IndexedRule {
  return { id, effect, from: formatSelector(from), to, port };
}
