import type { AliasName } from '#libs/contracts/ids.js';
import { type AliasPort, MAX_PORTS_PER_ALIAS, portText } from '#libs/contracts/ports.js';
import { NETWORK_LIMITS } from '#libs/policy/limits.js';
import type { AliasRecord, Topology, TopologyAlias } from '#libs/policy/model.js';
import { policyIndex } from '#libs/policy/policy-index.js';
import type { DomainError, Warning } from '../decision.js';
import { LISTED, listed } from '../listed.js';
import type { NetworkCommandOf, NetworkDecision, NetworkOutcome } from './commands.js';
import {
  AliasHasRulesError,
  AliasNotFoundError,
  AliasPortDiffersError,
  AliasTakenError,
  NetworkLimitError,
  SandboxNotAttachedError,
  TooManyPortsError,
} from './refusals.js';
import { rulesNaming } from './rules-naming.js';

export function publishAlias(
  command: NetworkCommandOf<'PublishAlias'>,
  network: Topology,
): NetworkDecision<'PublishAlias'> {
  if (network.sandboxes.has(command.sandboxId)) return publication(command, network);
  return new SandboxNotAttachedError(network, command.sandboxId, swapped(command, network));
}

/** What was meant when the alias is the id of an attached sandbox; undefined: it is none. */
function swapped({ alias, sandboxId, ports }: Wanted, { name, sandboxes }: Topology): string | undefined {
  if (![...sandboxes.keys()].some((attached) => attached === String(alias))) return undefined;
  const flags = ports.map((port) => ` --port ${portText(port)}`).join('');
  return `the sandbox comes before the alias: gstacks network alias add ${name} ${alias} ${sandboxId}${flags}`;
}

type Wanted = Omit<NetworkCommandOf<'PublishAlias'>, 'kind'>;

/** An alias of a sandbox that is attached, or will be by the same command. */
export function publication(wanted: Wanted, network: Topology): NetworkOutcome<AliasRecord> | DomainError {
  const { alias, sandboxId } = wanted;
  const present = network.aliases.get(alias);
  if (present !== undefined) return portsOfPresent(wanted, present, network);
  if (network.aliases.size >= NETWORK_LIMITS.aliases) {
    return new NetworkLimitError(network, 'aliases', NETWORK_LIMITS.aliases);
  }
  const rules = rulesNaming(network, [alias]);
  const former = network.formerPublishers.get(alias);
  if (rules.length > 0 && former !== undefined && former !== sandboxId && !wanted.inheritRules) {
    return new AliasHasRulesError(network, alias, former, rules);
  }
  const ports = inOrder(wanted.ports);
  const inherited: Warning = {
    code: 'RULES_APPLY',
    message: `existing rules apply to ${alias} from now on: ${listed(rules)}`,
  };
  return {
    events: [{ type: 'AliasPublished', data: { alias, sandboxId, ports } }],
    result: { alias, sandboxId, ports },
    warnings: rules.length > 0 ? [inherited, ...closedPorts(network, alias, ports)] : [],
    unchangedSince: null,
  };
}

/** Ports of an alias that is there: they join those it has, unless they are to replace them. */
function portsOfPresent(
  { alias, sandboxId, ports: wanted, replacePorts }: Wanted,
  present: TopologyAlias,
  network: Topology,
): NetworkOutcome<AliasRecord> | DomainError {
  if (present.sandboxId !== sandboxId) return new AliasTakenError(network, present);
  const others = present.ports.filter(({ published }) => !wanted.some((port) => port.published === published));
  const isOther = ({ published, target }: AliasPort): boolean =>
    present.ports.some((port) => port.published === published && port.target !== target);
  if (!replacePorts && wanted.some(isOther)) {
    return new AliasPortDiffersError(
      network,
      present,
      inOrder(wanted.filter(isOther)),
      inOrder([...others, ...wanted]),
    );
  }
  const ports = inOrder(replacePorts ? wanted : [...others, ...wanted]);
  if (ports.length > MAX_PORTS_PER_ALIAS) return new TooManyPortsError(network, alias);
  const result = { alias, sandboxId, ports };
  if (samePorts(present.ports, ports)) return { events: [], result, warnings: [], unchangedSince: present.since };
  return {
    events: [{ type: 'AliasPortsChanged', data: { alias, ports } }],
    result,
    warnings: closedPorts(network, alias, ports),
    unchangedSince: null,
  };
}

function inOrder(ports: readonly AliasPort[]): readonly AliasPort[] {
  return [...ports].sort((first, second) => first.published - second.published);
}

export function removeAlias(
  { alias }: NetworkCommandOf<'RemoveAlias'>,
  network: Topology,
): NetworkDecision<'RemoveAlias'> {
  if (!network.aliases.has(alias)) return new AliasNotFoundError(network, alias);
  return {
    events: [{ type: 'AliasRemoved', data: { alias } }],
    result: { alias, rulesLeft: rulesNaming(network, [alias]).length },
    warnings: [],
    unchangedSince: null,
  };
}

export function samePorts(first: readonly AliasPort[], second: readonly AliasPort[]): boolean {
  return (
    first.length === second.length &&
    first.every(({ published, target }, at) => published === second[at]?.published && target === second[at]?.target)
  );
}

function closedPorts(network: Topology, alias: AliasName, ports: readonly AliasPort[]): readonly Warning[] {
  const open = new Set(ports.map(({ published }) => published));
  const rules = policyIndex(network).byAlias.get(alias) ?? [];
  return rules
    .filter(({ port }) => !open.has(port))
    .slice(0, LISTED)
    .map(({ id, port }) => ({
      code: 'PORT_NOT_PUBLISHED',
      message: `${id} names port ${port}, which ${alias} does not publish`,
    }));
}
