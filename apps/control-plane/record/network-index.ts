import type { AgentId, NetworkId, NetworkName, SandboxId } from '#libs/contracts/ids.js';
import { agentsConcerned, type NetworkRecord, REMEMBERED_VERSIONS, type VersionChange } from './network-record.js';

/** Of a set, or of a map. */
interface Keys<Key> {
  has(key: Key): boolean;
  keys(): Iterable<Key>;
}

/** Networks by everything they are asked for by. */
export class NetworkIndex {
  private readonly byId = new Map<NetworkId, NetworkRecord>();
  private readonly idByName = new Map<NetworkName, NetworkId>();
  private readonly lastIdByName = new Map<NetworkName, NetworkId>();
  private readonly deletedByName = new Map<NetworkName, Set<NetworkId>>();
  private readonly versions = new Map<NetworkId, VersionChange[]>();
  private readonly bySandbox = new Map<SandboxId, Set<NetworkId>>();
  private readonly byAgent = new Map<AgentId, Set<NetworkId>>();

  /** Those that exist now. */
  all(): readonly NetworkRecord[] {
    return this.records(this.idByName.values());
  }

  /** Deleted ones too. */
  everyOne(): readonly NetworkRecord[] {
    return [...this.byId.values()];
  }

  /** Deleted ones too. */
  get(networkId: NetworkId): NetworkRecord | null {
    return this.byId.get(networkId) ?? null;
  }

  named(name: NetworkName): NetworkRecord | null {
    const id = this.idByName.get(name);
    return id === undefined ? null : this.get(id);
  }

  lastNamed(name: NetworkName): NetworkId | null {
    return this.lastIdByName.get(name) ?? null;
  }

  deletedNamed(name: NetworkName): readonly NetworkRecord[] {
    return this.records(this.deletedByName.get(name) ?? []);
  }

  version(networkId: NetworkId, version: number): VersionChange | null {
    return this.versions.get(networkId)?.find((change) => change.version === version) ?? null;
  }

  ofSandbox(sandboxId: SandboxId): readonly NetworkRecord[] {
    return this.records(this.bySandbox.get(sandboxId) ?? []);
  }

  ofAgent(agentId: AgentId): readonly NetworkRecord[] {
    return this.records(this.byAgent.get(agentId) ?? []);
  }

  /** Puts a record in the place of the network's former one. */
  put(networkId: NetworkId, record: NetworkRecord): void {
    const before = this.get(networkId);
    this.byId.set(networkId, record);
    const { topology, last } = record;
    this.putName(networkId, topology.name, isDeleted(record));
    move(this.bySandbox, networkId, attached(before), attached(record));
    const [took, takes] = [participating(before), participating(record)];
    if (took !== takes) move(this.byAgent, networkId, new Set(took), new Set(takes));
    const versions = this.versions.get(networkId) ?? [];
    // Of a stream that cannot be read the last version stays the last.
    if (versions.at(-1)?.version !== last.version) versions.push(last);
    if (versions.length > REMEMBERED_VERSIONS) versions.shift();
    this.versions.set(networkId, versions);
  }

  private putName(networkId: NetworkId, name: NetworkName, deleted: boolean): void {
    this.lastIdByName.set(name, networkId);
    if (!deleted) {
      this.idByName.set(name, networkId);
      return;
    }
    this.deletedByName.set(name, (this.deletedByName.get(name) ?? new Set()).add(networkId));
    if (this.idByName.get(name) === networkId) this.idByName.delete(name);
  }

  private records(ids: Iterable<NetworkId>): readonly NetworkRecord[] {
    return [...ids].flatMap((id) => this.byId.get(id) ?? []);
  }
}

function isDeleted({ topology, endedBy }: NetworkRecord): boolean {
  return topology.deleted || endedBy === 'deletion';
}

function participating(record: NetworkRecord | null): readonly AgentId[] {
  return record === null || isDeleted(record) ? [] : agentsConcerned(record);
}

function attached(record: NetworkRecord | null): Keys<SandboxId> {
  return record === null || isDeleted(record) ? new Set() : record.topology.sandboxes;
}

/** Most versions leave sandboxes and agents as they were, and cost nothing here. */
function move<Key>(index: Map<Key, Set<NetworkId>>, networkId: NetworkId, before: Keys<Key>, now: Keys<Key>): void {
  if (before === now) return;
  for (const key of before.keys()) if (!now.has(key)) index.get(key)?.delete(networkId);
  for (const key of now.keys()) if (!before.has(key)) index.set(key, (index.get(key) ?? new Set()).add(networkId));
}
