import { NETWORK_LIMITS } from '#libs/policy/limits.js';
import type { Topology } from '#libs/policy/model.js';
import { compareText } from '#libs/policy/order.js';
import { DomainError, type Warning } from '../decision.js';
import { LISTED } from '../listed.js';
import { publication } from './aliases.js';
import { attachSandbox, detachment } from './attachment.js';
import type { NetworkCommandOf, NetworkDecision, Publication } from './commands.js';
import { addEgressRule, egressRuleWarnings } from './egress-rules.js';
import type { NetworkEvent } from './events.js';
import { AliasHasRulesError, DeclaredItemError, NetworkLimitError } from './refusals.js';
import { textOfEgressRule, textOfRule } from './rule-identity.js';
import { ruleWarnings } from './rule-warnings.js';
import { addRule } from './rules.js';
import { rulesNaming } from './rules-naming.js';
import { evolveNetworkThrough } from './state.js';

type Declared = NetworkCommandOf<'ApplyDeclaration'>;
/** What one step of many writes: each is decided on the network as the steps before it leave it. */
type Step = (declared: Declared, network: Topology) => readonly NetworkEvent[] | DomainError;

/** What goes comes first, so that it makes room and no rule is left over for an alias that moves. */
const STEPS: readonly Step[] = [rulesGo, aliasesGo, sandboxesGo, sandboxesCome, aliasesCome, rulesCome, egressComes];

/**
 * Makes a network what is declared: what is missing comes, an alias moves to the sandbox that is to publish it, and a
 * port leads where it is to lead. What is not declared stays, unless it is to be pruned; rules with an end stay in
 * any case, and no declared rule is one. The first item that is refused refuses all.
 */
export function applyDeclaration(declared: Declared, network: Topology): NetworkDecision<'ApplyDeclaration'> {
  const events: NetworkEvent[] = [];
  let after = network;
  for (const step of STEPS) {
    const made = step(declared, after);
    if (made instanceof DomainError) return made;
    events.push(...made);
    after = evolveNetworkThrough(after, made) ?? after;
  }
  const full = overLimit(after);
  if (full !== null) return full;
  return {
    events,
    result: events,
    warnings: warningsOf(events, after),
    unchangedSince: events.length > 0 ? null : soSince(declared, network),
  };
}

function rulesGo(declared: Declared, network: Topology): readonly NetworkEvent[] {
  if (!declared.prune) return [];
  const rules = new Set(declared.rules.map(textOfRule));
  const egress = new Set(declared.egress.map(textOfEgressRule));
  return [
    ...inOrder(network.rules, (rule) => rule.until === null && !rules.has(textOfRule(rule))).map(
      ({ id: ruleId }): NetworkEvent => ({ type: 'PolicyRuleRemoved', data: { ruleId } }),
    ),
    ...inOrder(network.egressRules, (rule) => rule.until === null && !egress.has(textOfEgressRule(rule))).map(
      ({ id: ruleId }): NetworkEvent => ({ type: 'EgressRuleRemoved', data: { ruleId } }),
    ),
  ];
}

/** Those that another sandbox is to publish, and of a pruned network those that nobody is to. */
function aliasesGo({ sandboxes, prune }: Declared, network: Topology): readonly NetworkEvent[] {
  const publishers = new Map(
    sandboxes.flatMap(({ sandboxId, aliases }) => aliases.map(({ alias }) => [alias, sandboxId])),
  );
  return inOrder(network.aliases, ({ alias, sandboxId }) => {
    const publisher = publishers.get(alias);
    return publisher === undefined ? prune : publisher !== sandboxId;
  }).map(({ alias }): NetworkEvent => ({ type: 'AliasRemoved', data: { alias } }));
}

function sandboxesGo({ sandboxes, prune }: Declared, network: Topology): readonly NetworkEvent[] {
  if (!prune) return [];
  const declared = new Set(sandboxes.map(({ sandboxId }) => sandboxId));
  return inOrder(network.sandboxes, ({ sandboxId }) => !declared.has(sandboxId)).flatMap(
    ({ sandboxId }) => detachment(network, sandboxId).events,
  );
}

function sandboxesCome({ sandboxes }: Declared, network: Topology): readonly NetworkEvent[] | DomainError {
  return eventsOfEach('sandboxes', sandboxes, ({ sandboxId, sandbox }) =>
    network.sandboxes.has(sandboxId)
      ? null
      : attachSandbox(
          {
            kind: 'AttachSandbox',
            ...{ sandboxId, sandbox, publication: null, meantSandbox: null, inheritRules: false, replacePorts: false },
          },
          network,
        ),
  );
}

function aliasesCome(declared: Declared, network: Topology): readonly NetworkEvent[] | DomainError {
  const rules = new Set(declared.rules.map(textOfRule));
  const events: NetworkEvent[] = [];
  for (const [index, { sandboxId, aliases }] of declared.sandboxes.entries()) {
    const made = eventsOfEach(`sandboxes[${index}].aliases`, aliases, (wanted) => {
      const inherited = inheritedRules(wanted, network, rules);
      const former = network.formerPublishers.get(wanted.alias);
      if (inherited.length > 0 && former !== undefined && former !== sandboxId) {
        return new AliasHasRulesError(network, wanted.alias, former, inherited, REMEDY_OF_INHERITED(network));
      }
      const ports = declared.prune ? wanted.ports : joinedPorts(wanted, network);
      return publication({ alias: wanted.alias, sandboxId, ports, inheritRules: true, replacePorts: true }, network);
    });
    if (made instanceof DomainError) return made;
    events.push(...made);
  }
  return events;
}

/** Rules that name an alias which is not there now, and that are not declared: nobody said that they are meant. */
function inheritedRules({ alias }: Publication, network: Topology, declared: ReadonlySet<string>) {
  if (!network.formerPublishers.has(alias)) return [];
  return rulesNaming(network, new Set([alias])).filter((id) => {
    const rule = network.rules.get(id);
    return rule !== undefined && !declared.has(textOfRule(rule));
  });
}

const REMEDY_OF_INHERITED = ({ name }: Topology) =>
  `declare these rules as well, apply with --prune, or remove each: gstacks network policy remove ${name} <rule-id>`;

/** The declared ports, and those that the alias has besides. */
function joinedPorts({ alias, ports }: Publication, network: Topology) {
  const others = (network.aliases.get(alias)?.ports ?? []).filter(
    ({ published }) => !ports.some((port) => port.published === published),
  );
  return [...others, ...ports];
}

function rulesCome({ rules }: Declared, network: Topology): readonly NetworkEvent[] | DomainError {
  const present = new Set([...network.rules.values()].map(textOfRule));
  return eventsOfEach('rules', rules, (rule) =>
    present.has(textOfRule(rule)) ? null : addRule({ kind: 'AddRule', ...rule }, network),
  );
}

function egressComes({ egress }: Declared, network: Topology): readonly NetworkEvent[] | DomainError {
  const present = new Set([...network.egressRules.values()].map(textOfEgressRule));
  return eventsOfEach('egress', egress, (rule) =>
    present.has(textOfEgressRule(rule)) ? null : addEgressRule({ kind: 'AddEgressRule', ...rule }, network),
  );
}

/** What the items write, one after the other; null: nothing. A refusal names the item by its place. */
function eventsOfEach<Item>(
  path: string,
  items: readonly Item[],
  decide: (item: Item) => { readonly events: readonly NetworkEvent[] } | DomainError | null,
): readonly NetworkEvent[] | DomainError {
  const events: NetworkEvent[] = [];
  for (const [index, item] of items.entries()) {
    const decision = decide(item);
    if (decision instanceof DomainError) return new DeclaredItemError(`${path}[${index}]`, decision);
    if (decision !== null) events.push(...decision.events);
  }
  return events;
}

/** The items of one step are each decided on the same network, and are counted together here. */
function overLimit(network: Topology): NetworkLimitError | null {
  const { sandboxes, aliases, rules, egressRules } = NETWORK_LIMITS;
  if (network.sandboxes.size > sandboxes) return new NetworkLimitError(network, 'sandboxes', sandboxes);
  if (network.aliases.size > aliases) return new NetworkLimitError(network, 'aliases', aliases);
  if (network.rules.size > rules) return new NetworkLimitError(network, 'rules', rules);
  if (network.egressRules.size > egressRules) return new NetworkLimitError(network, 'egress rules', egressRules);
  return null;
}

/** Why what is written will not do what its author may expect, once all of it is there. */
function warningsOf(events: readonly NetworkEvent[], after: Topology): readonly Warning[] {
  const found = new Map<string, Warning>();
  for (const event of events) {
    const rule = event.type === 'PolicyRuleAdded' ? after.rules.get(event.data.ruleId) : undefined;
    const egressRule = event.type === 'EgressRuleAdded' ? after.egressRules.get(event.data.ruleId) : undefined;
    const warnings = [
      ...(rule === undefined ? [] : ruleWarnings(rule, after)),
      ...(egressRule === undefined ? [] : egressRuleWarnings(egressRule, after)),
    ];
    for (const warning of warnings) found.set(warning.message, warning);
  }
  const all = [...found.values()];
  if (all.length <= LISTED) return all;
  const more = { code: 'MORE_WARNINGS', message: `and ${all.length - LISTED} more warnings of this kind` };
  return [...all.slice(0, LISTED), more];
}

/** The version at which the last of what is declared became so; null: what was pruned leaves no trace of when. */
function soSince({ sandboxes, rules, egress, prune }: Declared, network: Topology): number | null {
  if (prune) return null;
  const [said, saidOfEgress] = [new Set(rules.map(textOfRule)), new Set(egress.map(textOfEgressRule))];
  return Math.max(
    1,
    ...sandboxes.map(({ sandboxId }) => network.sandboxes.get(sandboxId)?.attachedSince ?? 1),
    ...sandboxes.flatMap(({ aliases }) => aliases.map(({ alias }) => network.aliases.get(alias)?.since ?? 1)),
    ...[...network.rules.values()].filter((rule) => said.has(textOfRule(rule))).map(({ since }) => since),
    ...[...network.egressRules.values()]
      .filter((rule) => saidOfEgress.has(textOfEgressRule(rule)))
      .map(({ since }) => since),
  );
}

function inOrder<Value>(of: ReadonlyMap<string, Value>, isMeant: (value: Value) => boolean): readonly Value[] {
  return [...of]
    .filter(([, value]) => isMeant(value))
    .sort(([one], [other]) => compareText(one, other))
    .map(([, value]) => value);
}
