import { parentsOf } from '#libs/contracts/outside-names.js';
import { HEADER_BYTES } from './protocol.js';
import type { Query } from './query.js';
import type { DnsZone } from './zone.js';

/** The patterns of one client, indexed. */
export interface PatternSet {
  readonly exact: ReadonlySet<string>;
  /** The names after the `*.` of wildcards. */
  readonly below: ReadonlySet<string>;
}

const WILDCARD = '*.';
const DOT = '.';

/** By the client's source address; no entry: it may reach no name outside. */
export function indexPatterns(zone: Pick<DnsZone, 'clients' | 'patternSets'>): ReadonlyMap<string, PatternSet> {
  const sets = (zone.patternSets ?? []).map((patterns) => ({
    exact: new Set(patterns.filter((pattern) => !pattern.startsWith(WILDCARD))),
    below: new Set(
      patterns.filter((pattern) => pattern.startsWith(WILDCARD)).map((text) => text.slice(WILDCARD.length)),
    ),
  }));
  return new Map(
    zone.clients.flatMap(({ address, patterns }) => {
      const set = patterns === undefined ? undefined : sets[patterns];
      return set === undefined ? [] : [[address, set] as const];
    }),
  );
}

export function isCovered({ exact, below }: PatternSet, name: string): boolean {
  return exact.has(name) || (below.size > 0 && parentsOf(name).some((parent) => below.has(parent)));
}

/** The name asked for, dotted and in lower case; null: the root, or a label contains a dot. */
export function askedName(packet: Buffer, query: Query): string | null {
  const labels: string[] = [];
  for (let offset = HEADER_BYTES; offset < query.nameEnd - 1; ) {
    const end = offset + 1 + (packet[offset] ?? 0);
    const label = packet.toString('latin1', offset + 1, end);
    if (label.includes(DOT)) return null;
    labels.push(label.toLowerCase());
    offset = end;
  }
  return labels.length === 0 ? null : labels.join(DOT);
}
