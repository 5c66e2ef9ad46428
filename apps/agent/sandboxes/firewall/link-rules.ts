import { SocketAddress } from 'node:net';
import { hostChains, resolverSet } from './host-chains.js';
import type { TableName, TableRules } from './table-rules.js';

/** An interface of the host that leads to one sandbox, with the sandbox's addresses and the agent's. */
export interface FilteredLink {
  readonly link: string;
  readonly sandboxAddress: string;
  /** null: the link carries no IPv6. */
  readonly sandboxAddress6: string | null;
  /** The agent's resolver address on this link. */
  readonly resolver: string;
}

export interface LinkFilter {
  readonly table: TableName;
  readonly links: readonly FilteredLink[];
  readonly proxyRange: string;
  /** Queries to any other resolver are redirected to this one; null: they are not. */
  readonly queriesLedTo: string | null;
  /** DNS queries per second that one sandbox may send. */
  readonly queriesPerSecond: number;
}

/**
 * All of the agent's rules for interfaces that lead to one sandbox each. Packets from a link must have an address of
 * that link's sandbox, which no other link may use; others are dropped.
 */
export function linkRules({ table, links, ...limits }: LinkFilter): TableRules {
  const sources6 = links.flatMap(({ link, sandboxAddress6 }) =>
    sandboxAddress6 === null ? [] : [`"${link}" . ${canonical6(sandboxAddress6)}`],
  );
  return {
    table,
    sets: [
      { name: 'links', type: 'type ifname', elements: links.map(({ link }) => `"${link}"`) },
      {
        name: 'sources',
        type: 'typeof iifname . ip saddr',
        elements: links.map(({ link, sandboxAddress }) => `"${link}" . ${sandboxAddress}`),
      },
      { name: 'sources6', type: 'typeof iifname . ip6 saddr', elements: sources6 },
      { name: 'addresses', type: 'type ipv4_addr', elements: links.map(({ sandboxAddress }) => sandboxAddress) },
      { name: 'own', type: 'type ipv4_addr', elements: [...new Set(links.map(({ resolver }) => resolver))] },
      resolverSet(links.map(({ link, resolver }) => ({ link, address: resolver }))),
    ],
    chains: `  chain prerouting {
    type filter hook prerouting priority raw - 10; policy accept;
    iifname . ip saddr @sources accept
    iifname . ip6 saddr @sources6 accept${sources6.length === 0 ? '' : NEIGHBOURS}
    iifname @links counter drop
    iifname "lo" accept
    ip saddr @addresses drop
    ip daddr @addresses drop
    ip daddr @own drop
    ip daddr ${limits.proxyRange} drop
  }
${hostChains({ ...limits, links: '@links' })}`,
  };
}

/** The address in nft's form. */
function canonical6(address: string): string {
  return new SocketAddress({ address, family: 'ipv6' }).address;
}

/** IPv6 neighbour discovery also uses link-local source addresses (RFC 4861). */
const NEIGHBOURS = `
    iifname @links icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept`;
