import { elements, hostChains, noTable, type TableName } from './host-chains.js';

/** An interface of the host that leads to one sandbox, with the sandbox's addresses and the agent's. */
export interface FilteredLink {
  readonly link: string;
  readonly sandboxAddress: string;
  /** null: the link carries no IPv6. */
  readonly sandboxAddress6: string | null;
  /** Where the agent's resolver answers on this link. */
  readonly resolver: string;
}

export interface LinkFilter {
  readonly table: TableName;
  readonly links: readonly FilteredLink[];
  readonly proxyRange: string;
  /** Queries to any other resolver are led to this one; null: they are not. */
  readonly queriesLedTo: string | null;
}

/**
 * The whole of the agent's rules for interfaces that lead to one sandbox each, as one transaction. What comes in by a
 * link has an address of that link's sandbox, or is dropped; and nobody else has that address.
 */
export function linkRules({ table, links, proxyRange, queriesLedTo }: LinkFilter): string {
  const resolvers = links.map(({ link, resolver }) => ({ link, address: resolver }));
  const addresses6 = links.flatMap(({ link, sandboxAddress6 }) =>
    sandboxAddress6 === null ? [] : [{ link, address: sandboxAddress6 }],
  );
  const own = [...new Set(resolvers.map(({ address }) => address))];
  return `${noTable(table)}
table ${table.family} ${table.name} {
  set links { type ifname
    ${elements(links.map(({ link }) => `"${link}"`))}
  }
  set sources { typeof iifname . ip saddr
    ${elements(links.map(({ link, sandboxAddress }) => `"${link}" . ${sandboxAddress}`))}
  }
  set sources6 { typeof iifname . ip6 saddr
    ${elements(addresses6.map(({ link, address }) => `"${link}" . ${address}`))}
  }
  set addresses { type ipv4_addr
    ${elements(links.map(({ sandboxAddress }) => sandboxAddress))}
  }
  set own { type ipv4_addr
    ${elements(own)}
  }
  chain prerouting {
    type filter hook prerouting priority raw - 10; policy accept;
    iifname . ip saddr @sources accept
    iifname . ip6 saddr @sources6 accept${addresses6.length === 0 ? '' : NEIGHBOURS}
    iifname @links counter drop
    iifname "lo" accept
    ip saddr @addresses drop
    ip daddr @addresses drop
    ip daddr @own drop
    ip daddr ${proxyRange} drop
  }
${hostChains({ links: '@links', resolvers, proxyRange, queriesLedTo })}
}
`;
}

/** IPv6 finds a neighbour from its link-local address too, RFC 4861. */
const NEIGHBOURS = `
    iifname @links icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept`;
