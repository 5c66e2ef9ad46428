import type { AliasDto } from '#libs/contracts/http/aliases.js';
import { DNS_SUFFIX, fullName } from '#libs/contracts/ids.js';
import type { LabelFilter } from '#libs/contracts/values.js';
import type { AliasRecord, Topology } from '#libs/policy/model.js';

export function aliasDto(topology: Topology, { alias, sandboxId, ports }: AliasRecord): AliasDto {
  return {
    alias,
    name: fullName(alias, topology.name),
    sandboxId,
    agentId: topology.sandboxes.get(sandboxId)?.agentId ?? null,
    ports: ports.map(({ published, target }) => ({ published, target })),
  };
}

export function networkSuffix({ name }: Pick<Topology, 'name'>): string {
  return `${name}.${DNS_SUFFIX}`;
}

export function hasLabel(labels: { readonly [key: string]: string }, filter: LabelFilter): boolean {
  return filter.value === null ? Object.hasOwn(labels, filter.key) : labels[filter.key] === filter.value;
}
