import type { AliasName, SandboxId } from '#libs/contracts/ids.js';
import { formatSelector } from '#libs/contracts/selectors.js';
import type { Topology, TopologyAlias } from '#libs/policy/model.js';
import { sortedBy } from '#libs/policy/order.js';
import type { Warning } from '../decision.js';
import type { SandboxState } from '../sandbox/state.js';
import { samePorts } from './aliases.js';
import { detachment } from './attachment.js';
import type { NetworkCommandOf, NetworkDecision } from './commands.js';
import type { NetworkEvent } from './events.js';
import { textOfEgressRule, textOfRule } from './rule-identity.js';

type Sandboxes = ReadonlyMap<SandboxId, SandboxState>;

/**
 * The fewest events after which rules, egress rules, aliases and attachments are those of a former version. What takes
 * away comes first. A sandbox that the record does not know any more is not attached, and its aliases are not
 * published.
 */
export function revertNetwork(
  { past, sandboxes, now }: NetworkCommandOf<'RevertNetwork'>,
  network: Topology,
): NetworkDecision<'RevertNetwork'> {
  const wanted = possible(past, network, sandboxes, now);
  const detached = [...network.sandboxes.keys()].filter((sandboxId) => !wanted.sandboxes.has(sandboxId)).sort();
  const leaving = new Set(detached);
  const events: readonly NetworkEvent[] = [
    ...removedRules(network, wanted),
    ...removedAliases(network, wanted)
      .filter(({ sandboxId }) => !leaving.has(sandboxId))
      .map(aliasRemoved),
    ...detached.flatMap((sandboxId) => detachment(network, sandboxId).events),
    ...attachments(network, wanted, sandboxes),
    ...publications(network, wanted),
    ...addedRules(network, wanted),
  ];
  return {
    events,
    result: events,
    warnings: [
      ...leftOut(past, wanted),
      ...notThere(network, wanted, sandboxes),
      ...otherLabels(past, network, sandboxes),
    ],
    unchangedSince: events.length > 0 ? null : network.version,
  };
}

/** The former version without the sandboxes that cannot be attached again, and the rules whose time is over. */
function possible(past: Topology, network: Topology, known: Sandboxes, now: Date): Topology {
  const isLeft = (until: string | null): boolean => until === null || Date.parse(until) > now.getTime();
  const sandboxes = new Map([...past.sandboxes].filter(([id]) => network.sandboxes.has(id) || known.has(id)));
  const aliases = new Map([...past.aliases].filter(([, { sandboxId }]) => sandboxes.has(sandboxId)));
  const rules = new Map([...past.rules].filter(([, { until }]) => isLeft(until)));
  const egressRules = new Map([...past.egressRules].filter(([, { until }]) => isLeft(until)));
  return { ...past, sandboxes, aliases, rules, egressRules };
}

function removedRules(network: Topology, wanted: Topology): readonly NetworkEvent[] {
  const rules = without(network.rules, wanted.rules, textOfRule).map(
    ({ id }): NetworkEvent => ({ type: 'PolicyRuleRemoved', data: { ruleId: id } }),
  );
  const egress = without(network.egressRules, wanted.egressRules, textOfEgressRule).map(
    ({ id }): NetworkEvent => ({ type: 'EgressRuleRemoved', data: { ruleId: id } }),
  );
  return [...rules, ...egress];
}

/** Rules come back with the ids that they had, so that what names them still does. */
function addedRules(network: Topology, wanted: Topology): readonly NetworkEvent[] {
  const rules = without(wanted.rules, network.rules, textOfRule).map((rule): NetworkEvent => {
    const { id: ruleId, effect, to, port, until } = rule;
    return { type: 'PolicyRuleAdded', data: { ruleId, effect, from: formatSelector(rule.from), to, port, until } };
  });
  const egress = without(wanted.egressRules, network.egressRules, textOfEgressRule).map((rule): NetworkEvent => {
    const { id: ruleId, effect, to, port, private: isPrivate, via, until } = rule;
    const said = { ruleId, effect, from: formatSelector(rule.from), to, port };
    return { type: 'EgressRuleAdded', data: { ...said, private: isPrivate, via, until } };
  });
  return [...rules, ...egress];
}

/** By id, those of `some` that `others` has not, or has with another text. */
function without<Said extends { readonly id: string }>(
  some: ReadonlyMap<string, Said>,
  others: ReadonlyMap<string, Said>,
  text: (rule: Said) => string,
): readonly Said[] {
  const missing = [...some.values()].filter((rule) => {
    const other = others.get(rule.id);
    return other === undefined || text(other) !== text(rule);
  });
  return sortedBy(missing, ({ id }) => id);
}

/** An alias that another sandbox published then is removed, and published again. */
function removedAliases(network: Topology, wanted: Topology): readonly TopologyAlias[] {
  const removed = [...network.aliases.values()].filter(
    ({ alias, sandboxId }) => wanted.aliases.get(alias)?.sandboxId !== sandboxId,
  );
  return sortedBy(removed, ({ alias }) => alias);
}

function aliasRemoved({ alias }: { readonly alias: AliasName }): NetworkEvent {
  return { type: 'AliasRemoved', data: { alias } };
}

function attachments(network: Topology, wanted: Topology, known: Sandboxes): readonly NetworkEvent[] {
  return [...wanted.sandboxes.keys()].sort().flatMap((sandboxId): readonly NetworkEvent[] => {
    const sandbox = known.get(sandboxId);
    if (network.sandboxes.has(sandboxId) || sandbox === undefined) return [];
    const { agentId, labels } = sandbox;
    return [{ type: 'SandboxAttached', data: { sandboxId, agentId, labels } }];
  });
}

function publications(network: Topology, wanted: Topology): readonly NetworkEvent[] {
  return sortedBy([...wanted.aliases.values()], ({ alias }) => alias).flatMap(
    ({ alias, sandboxId, ports }): readonly NetworkEvent[] => {
      const present = network.aliases.get(alias);
      if (present?.sandboxId !== sandboxId) return [{ type: 'AliasPublished', data: { alias, sandboxId, ports } }];
      return samePorts(present.ports, ports) ? [] : [{ type: 'AliasPortsChanged', data: { alias, ports } }];
    },
  );
}

function leftOut(past: Topology, wanted: Topology): readonly Warning[] {
  return [...past.sandboxes.keys()]
    .filter((sandboxId) => !wanted.sandboxes.has(sandboxId))
    .sort()
    .map((sandboxId) => ({
      code: 'SANDBOX_UNKNOWN',
      message: `${sandboxId} no longer exists, so it is not attached${aliasesOf(past, sandboxId, 'not published')}`,
    }));
}

/** Attached all the same, as `attach` does: when an agent reports it again, everything is as it was. */
function notThere(network: Topology, wanted: Topology, known: Sandboxes): readonly Warning[] {
  return [...wanted.sandboxes.keys()].sort().flatMap((sandboxId): readonly Warning[] => {
    const sandbox = known.get(sandboxId);
    if (network.sandboxes.has(sandboxId) || sandbox === undefined || sandbox.present) return [];
    const aliases = aliasesOf(wanted, sandboxId, 'that cannot be reached until an agent reports it');
    const message = `${sandboxId} is attached again, but no agent has it now${aliases}`;
    return [{ code: 'SANDBOX_GONE', message }];
  });
}

/** Labels belong to sandboxes, not to networks: rules about them follow the labels of now. */
function otherLabels(past: Topology, network: Topology, known: Sandboxes): readonly Warning[] {
  const named = [...past.rules.values(), ...past.egressRules.values()].flatMap(({ from }) =>
    from.kind === 'label' ? [from] : [],
  );
  return [...past.sandboxes.values()].flatMap((then): readonly Warning[] => {
    const now = network.sandboxes.get(then.sandboxId)?.labels ?? known.get(then.sandboxId)?.labels;
    if (now === undefined) return [];
    const differing = named.filter(({ key, value }) => (then.labels[key] === value) !== (now[key] === value));
    const texts = [...new Set(differing.map(formatSelector))].sort();
    if (texts.length === 0) return [];
    const message =
      `the labels of ${then.sandboxId} have changed since: rules about ${texts.join(', ')} follow its present ` +
      'labels';
    return [{ code: 'LABELS_DIFFER', message }];
  });
}

/** `; aliases <what>: api, web`, or nothing. */
function aliasesOf({ aliases }: Topology, sandboxId: SandboxId, what: string): string {
  const names = [...aliases.values()].flatMap((one) => (one.sandboxId === sandboxId ? [one.alias] : []));
  return names.length === 0 ? '' : `; aliases ${what}: ${names.sort().join(', ')}`;
}
