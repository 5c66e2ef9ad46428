import type { NetworkId, SandboxId } from '#libs/contracts/ids.js';
import type { DnsRecord, DnsZone, NamesDelta } from '#libs/data-plane/dns/zone.js';
import { withChanges } from '#libs/policy/overlay-map.js';
import type { SandboxClient } from '../sandboxes/driver.js';

/** What one network adds to the zone. */
export interface NetworkNames {
  readonly name: string;
  /** null: none of the alias's listeners is open. */
  readonly aliases: ReadonlyMap<string, DnsRecord | null>;
  /** Attached sandboxes of this host: the network exists for them alone. */
  readonly members: ReadonlySet<SandboxId>;
}

/** What changes among a network's names. */
export interface NamesChange {
  readonly name: string;
  readonly records: readonly DnsRecord[];
  /** Aliases none of whose listeners is open. */
  readonly unserved: readonly string[];
  /** Aliases that were removed. */
  readonly gone: readonly string[] | 'all others';
  readonly members: ReadonlySet<SandboxId>;
}

/** By alias: its record; null: not served; undefined: removed. */
export type AliasChanges = ReadonlyMap<string, DnsRecord | null | undefined>;

export function aliasChanges({ records, unserved, gone }: NamesChange): AliasChanges {
  const changes = new Map<string, DnsRecord | null | undefined>();
  if (gone !== 'all others') for (const alias of gone) changes.set(alias, undefined);
  for (const alias of unserved) changes.set(alias, null);
  for (const record of records) changes.set(record.alias, record);
  return changes;
}

/** The network's names after a change, at the cost of the change. `before: null`: the network is new here. */
export function namesAfter(before: NetworkNames | null, change: NamesChange): NetworkNames {
  const { name, members, gone } = change;
  const aliases = before === null || gone === 'all others' ? new Map<string, DnsRecord | null>() : before.aliases;
  return { name, members, aliases: withChanges(aliases, aliasChanges(change)) };
}

/** RFC 1982: serials compare within 32 bits. */
const SERIAL_RANGE = 2 ** 32;

export function serialOf(revision: number): number {
  return revision % SERIAL_RANGE;
}

/** Of two networks with one name, the one taken on last stands. */
function standing(networks: ReadonlyMap<NetworkId, NetworkNames>): readonly NetworkNames[] {
  return [...new Map([...networks.values()].map((network) => [network.name, network])).values()];
}

export type ZoneClients = Pick<DnsZone, 'clients' | 'patternSets'>;

/** The whole zone, as plain data. */
export function zoneOf(
  revision: number,
  networks: ReadonlyMap<NetworkId, NetworkNames>,
  clients: ZoneClients,
): DnsZone {
  return {
    revision,
    serial: serialOf(revision),
    networks: standing(networks).map(({ name, aliases }) => ({ name, ...namesDelta(aliases) })),
    ...clients,
  };
}

/** The changes in the form that the DNS worker takes. */
export function namesDelta(changes: AliasChanges): Pick<NamesDelta, 'records' | 'unserved' | 'gone'> {
  const records: DnsRecord[] = [];
  const unserved: string[] = [];
  const gone: string[] = [];
  for (const [alias, record] of changes) {
    if (record === undefined) gone.push(alias);
    else if (record === null) unserved.push(alias);
    else records.push(record);
  }
  return { records, unserved, gone };
}

/** Which clients DNS answers, and which networks and names outside exist for each. */
export function clientsOf(
  networks: ReadonlyMap<NetworkId, NetworkNames>,
  clients: readonly SandboxClient[],
  knowsNetworksOf: (sandboxId: SandboxId) => boolean,
  patternsOf: (sandboxId: SandboxId) => readonly string[],
): ZoneClients {
  const sets = new PatternSets(patternsOf);
  const all = standing(networks);
  return {
    clients: clients.map(({ address, sandboxId }) => ({
      address,
      sandboxId,
      ...sets.of(sandboxId),
      networks: all.filter(({ members }) => members.has(sandboxId)).map(({ name }) => name),
      complete: knowsNetworksOf(sandboxId),
    })),
    patternSets: sets.all,
  };
}

/** Sandboxes under the same rules share one set: it may hold thousands of names. */
class PatternSets {
  readonly all: (readonly string[])[] = [];
  private readonly numbers = new Map<string, number>();

  constructor(private readonly patternsOf: (sandboxId: SandboxId) => readonly string[]) {}

  of(sandboxId: SandboxId): { readonly patterns?: number } {
    const patterns = this.patternsOf(sandboxId);
    if (patterns.length === 0) return {};
    const key = patterns.join(' ');
    const number = this.numbers.get(key) ?? this.all.push(patterns) - 1;
    this.numbers.set(key, number);
    return { patterns: number };
  }
}
