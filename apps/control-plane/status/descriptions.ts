import type { AliasDto } from '#libs/contracts/http/aliases.js';
import type { RuleDto } from '#libs/contracts/http/rules.js';
import type { LabelFilter } from '#libs/contracts/http/values.js';
import { DNS_SUFFIX, fullName } from '#libs/contracts/ids.js';
import { formatSelector } from '#libs/contracts/selectors.js';
import type { AliasRecord, Rule, Topology } from '#libs/policy/model.js';

export function aliasDto(topology: Topology, { alias, sandboxId, ports }: AliasRecord): AliasDto {
  return {
    alias,
    name: fullName(alias, topology.name),
    sandboxId,
    agentId: topology.sandboxes.get(sandboxId)?.agentId ?? null,
    ports: ports.map(({ published, target }) => ({ published, target })),
  };
}

export function ruleDto({ id, effect, from, to, port }: Rule): RuleDto {
  return { id, effect, from: formatSelector(from), to, port };
}

export function networkSuffix({ name }: Pick<Topology, 'name'>): string {
  return `${name}.${DNS_SUFFIX}`;
}

export function hasLabel(labels: { readonly [key: string]: string }, filter: LabelFilter): boolean {
  return filter.value === null ? Object.hasOwn(labels, filter.key) : labels[filter.key] === filter.value;
}
