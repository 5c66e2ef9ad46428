import { formatSelector, type Selector } from '#libs/contracts/selectors.js';
import type { Rule, Topology } from '#libs/policy/model.js';
import { policyIndex } from '#libs/policy/policy-index.js';
import { publishedPort } from '#libs/policy/published-port.js';
import { matchesSource, sourcesOf, standsForAllOf } from '#libs/policy/selector-match.js';
import type { Warning } from '../decision.js';
import { LISTED } from '../listed.js';
import { endWarnings } from './rule-ends.js';

/** Why a rule that is written will not do, or not fully do, what its author may expect of it. */
export function ruleWarnings(rule: Rule, network: Topology): readonly Warning[] {
  const overridden = rule.effect === 'allow' ? [...overridingDenies(rule, network), ...endWarnings(rule, network)] : [];
  return [...overridden, ...targetWarnings(rule, network), ...sourceWarnings(rule.from, network)];
}

function targetWarnings({ to, port }: Rule, network: Topology): readonly Warning[] {
  const record = network.aliases.get(to);
  if (record !== undefined && publishedPort(record, port) !== null) return [];
  const there = (record?.ports ?? []).map(({ published }) => published).join(', ');
  return [{ code: 'PORT_NOT_PUBLISHED', message: `${to} does not publish port ${port} at present, only ${there}` }];
}

/** Why a selector stands for nobody now. */
export function sourceWarnings(from: Selector, network: Topology): readonly Warning[] {
  const nobody = (message: string): readonly Warning[] => [{ code: 'SOURCE_STANDS_FOR_NOBODY', message }];
  switch (from.kind) {
    case 'sandbox':
      if (network.sandboxes.has(from.sandboxId)) return [];
      return nobody(`sandbox ${from.sandboxId} is not attached to ${network.name} now`);
    case 'alias':
      if (network.aliases.has(from.alias)) return [];
      return nobody(
        `${network.name} has no alias ${from.alias} now; for a sandbox with that id, write sandbox:${from.alias}`,
      );
    case 'label':
      if (sourcesOf(network, from).length > 0) return [];
      return nobody(`no attached sandbox of ${network.name} has ${formatSelector(from)} now`);
    case 'any':
    case 'local':
    case 'local-user':
      return [];
  }
}

/** Denies win: the author of an allow is told which of them still hold, and whether they leave anything of it. */
function overridingDenies(allow: Rule, network: Topology): readonly Warning[] {
  const denies = (policyIndex(network).byAlias.get(allow.to) ?? [])
    .filter(({ effect, port }) => effect === 'deny' && port === allow.port)
    .flatMap(({ id }) => network.rules.get(id) ?? []);
  if (denies.length === 0) return [];
  const sources = sourcesOf(network, allow.from);
  const whole: Warning[] = [];
  const part: Warning[] = [];
  for (const { id, from } of denies) {
    const matched = sources.filter((source) => matchesSource(network, from, source)).length;
    const printed = formatSelector(from);
    if (standsForAllOf(from, allow.from) || (matched > 0 && matched === sources.length)) {
      whole.push({ code: 'OVERRIDDEN_BY_DENY', message: `${id} denies ${printed}, so this rule has no effect` });
    } else if (standsForAllOf(allow.from, from) || matched > 0) {
      part.push({ code: 'PARTLY_OVERRIDDEN_BY_DENY', message: `${id} still denies ${printed}` });
    }
  }
  return [...whole, ...part].slice(0, LISTED);
}
