import { listSet } from './nft-command.js';
import type { TableName } from './table-rules.js';

/** Connections of a sandbox that the kernel refused, at a proxy address and a port without a listener. */
export interface RefusedConnections {
  /** The sandbox's address. */
  readonly source: string;
  readonly address: string;
  readonly port: number;
  /** Since the kernel has remembered this sandbox, address and port. */
  readonly count: number;
}

const SET = 'refused_ports';
/** Entries for all sandboxes; further connections are refused too, but not remembered. */
const MOST_REMEMBERED = 1_024;
/** After the last connection. The agent reads the set more often than that. */
export const REMEMBERED_FOR_SECONDS = 180;
/** Entries per sandbox, so that one that scans all ports leaves room for others. */
const PER_MINUTE = 60;
const AT_ONCE = 100;
const MOST_SOURCES = 65_535;

export const refusedPortSets = `  set ${SET} { typeof ip saddr . ip daddr . tcp dport; size ${MOST_REMEMBERED}; flags dynamic,timeout; timeout ${REMEMBERED_FOR_SECONDS}s; }
  set refused_sources { typeof ip saddr; size ${MOST_SOURCES}; flags dynamic,timeout; timeout 300s; }
`;

/** A chain that refuses its packets, and remembers connections to proxy addresses. */
export function refusedChain(proxyRange: string): string {
  return `  chain refused {
    ip daddr ${proxyRange} tcp flags & (fin | syn | rst | ack) == syn goto remembered
    reject with tcp reset
  }
  chain remembered {
    update @refused_sources { ip saddr limit rate over ${PER_MINUTE}/minute burst ${AT_ONCE} packets } reject with tcp reset
    update @${SET} { ip saddr . ip daddr . tcp dport counter }
    reject with tcp reset
  }`;
}

/** What the kernel remembers in a table. Errors: NftCommandError. */
export async function listRefused({ family, name }: TableName): Promise<readonly RefusedConnections[]> {
  return parseRefused(await listSet(family, name, SET));
}

/** Parses the output of `nft list set`. */
export function parseRefused(listing: string): readonly RefusedConnections[] {
  const elements = listing.matchAll(/([\d.]+) \. ([\d.]+) \. (\d+) [^,}]*?counter packets (\d+)/g);
  return [...elements].map(([, source = '', address = '', port, count]) => ({
    ...{ source, address, port: Number(port), count: Number(count) },
  }));
}
