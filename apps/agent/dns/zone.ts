import type { NetworkId, SandboxId } from '#libs/contracts/ids.js';
import type { DnsZone } from '#libs/data-plane/dns/zone.js';
import type { SandboxClient } from '../sandboxes/driver.js';

/** What one network adds to the zone. */
export interface NetworkNames {
  readonly name: string;
  readonly records: DnsZone['networks'][number]['records'];
  /** Aliases none of whose listeners is open. */
  readonly unserved: readonly string[];
  /** Attached sandboxes of this host: the network exists for them alone. */
  readonly members: ReadonlySet<SandboxId>;
}

/** RFC 1982: serials compare within 32 bits. */
const SERIAL_RANGE = 2 ** 32;

/** The whole zone, as plain data. Of two networks with one name, the one taken on last stands. */
export function zoneOf(
  revision: number,
  networks: ReadonlyMap<NetworkId, NetworkNames>,
  clients: readonly SandboxClient[],
  knowsNetworksOf: (sandboxId: SandboxId) => boolean,
  patternsOf: (sandboxId: SandboxId) => readonly string[],
): DnsZone {
  const byName = new Map([...networks.values()].map((network) => [network.name, network]));
  const standing = [...byName.values()];
  const sets = new PatternSets(patternsOf);
  return {
    revision,
    serial: revision % SERIAL_RANGE,
    networks: standing.map(({ name, records, unserved }) => ({ name, records, unserved })),
    clients: clients.map(({ address, sandboxId }) => ({
      address,
      sandboxId,
      ...sets.of(sandboxId),
      networks: standing.filter(({ members }) => members.has(sandboxId)).map(({ name }) => name),
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
