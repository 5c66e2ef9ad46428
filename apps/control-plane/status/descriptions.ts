import type { AliasDto } from '#libs/contracts/http/aliases.js';
import type { UnreadableDto } from '#libs/contracts/http/unreadable.js';
import { DNS_SUFFIX, fullName } from '#libs/contracts/ids.js';
import type { LabelFilter } from '#libs/contracts/values.js';
import type { AliasRecord, Topology } from '#libs/policy/model.js';
import { isQuarantined, type NetworkRecord } from '../record/network-record.js';
import type { UnreadableEvent } from '../record/unreadable-event.js';

export function aliasDto(topology: Topology, { alias, sandboxId, ports }: AliasRecord): AliasDto {
  return {
    alias,
    name: fullName(alias, topology.name),
    sandboxId,
    agentId: topology.sandboxes.get(sandboxId)?.agentId ?? null,
    ports: ports.map(({ published, target }) => ({ published, target })),
  };
}

export function unreadableDto(event: UnreadableEvent | null): UnreadableDto | null {
  if (event === null) return null;
  const { position, version, type, schemaVersion, message, remedy } = event;
  return { position, version, eventType: type, schemaVersion, message, remedy };
}

/** Why agents do not serve a network as its stream says. */
export function troublesOf(record: NetworkRecord) {
  const quarantinedSince = isQuarantined(record) ? record.topology.quarantinedSince : null;
  return { unreadable: unreadableDto(record.unreadable), quarantinedSince };
}

export function networkSuffix({ name }: Pick<Topology, 'name'>): string {
  return `${name}.${DNS_SUFFIX}`;
}

export function hasLabel(labels: { readonly [key: string]: string }, filter: LabelFilter): boolean {
  return filter.value === null ? Object.hasOwn(labels, filter.key) : labels[filter.key] === filter.value;
}
