/** What the host answers to on the links of its sandboxes. */
export interface HostChains {
  /** The interfaces that sandboxes come in by, as nft writes them: a set, or one quoted name. */
  readonly links: string;
  /** The address of the agent's resolver on each of these interfaces. */
  readonly resolvers: readonly { readonly link: string; readonly address: string }[];
  readonly proxyRange: string;
  /** Queries to any other resolver are led to this one; null: they are not. */
  readonly queriesLedTo: string | null;
}

/**
 * The part of the rules that every driver with links has: what comes in by a link reaches the agent's resolver there
 * and sockets bound to a proxy address, and no other service of the host; nothing is forwarded from or to a link.
 *
 * A packet of a connection that is open passes by its socket and not by connection tracking, so that rules which are
 * loaded anew cut nothing that passes. A refusal is a reset, so that a client learns of it at once.
 */
export function hostChains({ links, resolvers, proxyRange, queriesLedTo }: HostChains): string {
  return `  set resolvers { typeof iifname . ip daddr
    ${elements(resolvers.map(({ link, address }) => `"${link}" . ${address}`))}
  }${queriesLedTo === null ? '' : ledQueries(links, proxyRange, queriesLedTo)}
  chain input {
    type filter hook input priority filter - 10; policy accept;
    iifname != ${links} accept${queriesLedTo === null ? '' : '\n    ct state established,related accept'}
    iifname . ip daddr @resolvers meta l4proto { tcp, udp } th dport 53 accept
    ip daddr ${proxyRange} meta l4proto tcp goto sockets
    tcp flags & (fin | syn | rst | ack) != syn goto sockets
    icmp type { echo-reply, destination-unreachable } accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    meta l4proto tcp reject with tcp reset
    reject with icmpx admin-prohibited
  }
  chain sockets {
    socket wildcard 0 accept
    socket wildcard 1 reject with tcp reset
    # A socket in TIME_WAIT has no wildcard to look at, and a client may use its port again.
    socket transparent 0 accept
    reject with tcp reset
  }
  chain forward {
    type filter hook forward priority filter - 10; policy accept;
    iifname ${links} meta l4proto tcp reject with tcp reset
    iifname ${links} reject with icmpx admin-prohibited
    oifname ${links} drop
  }`;
}

function ledQueries(links: string, proxyRange: string, resolver: string): string {
  return `
  chain resolver {
    type nat hook prerouting priority dstnat - 10; policy accept;
    iifname ${links} ip daddr != ${proxyRange} meta l4proto { tcp, udp } th dport 53 dnat ip to ${resolver}
  }`;
}

/** The elements of a set, which may be none. */
export function elements(items: readonly string[]): string {
  return items.length === 0 ? '' : `elements = { ${items.join(', ')} }`;
}

/** Takes a table away whether or not it is there: nft refuses to delete what is not. */
export function noTable({ family, name }: TableName): string {
  return `table ${family} ${name}\ndelete table ${family} ${name}`;
}

export interface TableName {
  readonly family: 'inet' | 'bridge';
  readonly name: string;
}
