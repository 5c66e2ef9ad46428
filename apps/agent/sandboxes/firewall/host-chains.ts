import { queryFloodRules, queryFloodSets } from './query-floods.js';
import { refusedChain, refusedPortSets } from './refused-ports.js';
import { resetFloodRules, resetFloodSets } from './reset-floods.js';
import type { ElementSet } from './table-rules.js';

/** What the host accepts on the links of its sandboxes. */
export interface HostChains {
  /** The interfaces of sandboxes in nft's syntax: a set, or one quoted name. */
  readonly links: string;
  readonly proxyRange: string;
  /** Queries to any other resolver are redirected to this one; null: they are not. */
  readonly queriesLedTo: string | null;
  /** DNS queries per second that one sandbox may send. */
  readonly queriesPerSecond: number;
}

/** The set of the agent's resolver address on each interface, which `hostChains` uses. */
export function resolverSet(resolvers: readonly { readonly link: string; readonly address: string }[]): ElementSet {
  return {
    name: 'resolvers',
    type: 'typeof iifname . ip daddr',
    elements: resolvers.map(({ link, address }) => `"${link}" . ${address}`),
  };
}

/**
 * Rules common to all drivers with links. What a flooding sandbox sends too much is dropped before connection tracking
 * and routing, but after the check of its address. Packets from a link reach the agent's resolver there and sockets
 * bound to a proxy address, and no other service of the host; nothing is forwarded from or to a link. Packets of an
 * open connection are accepted by their socket and not by connection tracking, so reloading the rules cuts none.
 * Refused TCP connections get a reset, so clients notice at once.
 */
export function hostChains({ links, proxyRange, queriesLedTo, queriesPerSecond }: HostChains): string {
  return `${queryFloodSets(queriesPerSecond)}${resetFloodSets}${refusedPortSets}${queriesLedTo === null ? '' : ledQueries(links, proxyRange, queriesLedTo)}  chain floods {
    type filter hook prerouting priority raw - 5; policy accept;
    iifname != ${links} accept
${queryFloodRules(queriesPerSecond)}
${resetFloodRules(proxyRange)}
  }
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
    socket wildcard 1 goto refused
    # A socket in TIME_WAIT has no wildcard to look at, and a client may use its port again.
    socket transparent 0 accept
    goto refused
  }
${refusedChain(proxyRange)}
  chain forward {
    type filter hook forward priority filter - 10; policy accept;
    iifname ${links} meta l4proto tcp reject with tcp reset
    iifname ${links} reject with icmpx admin-prohibited
    oifname ${links} drop
  }`;
}

function ledQueries(links: string, proxyRange: string, resolver: string): string {
  return `  chain resolver {
    type nat hook prerouting priority dstnat - 10; policy accept;
    iifname ${links} ip daddr != ${proxyRange} meta l4proto { tcp, udp } th dport 53 dnat ip to ${resolver}
  }
`;
}
