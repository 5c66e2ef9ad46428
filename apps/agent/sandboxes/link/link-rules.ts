import type { LinkEntry } from './link-entry.js';

const TABLE = 'gstacks_links';

/**
 * The whole of the agent's rules for its links, as one transaction. What comes in by a link has the address of that
 * link's guest, or is dropped; and nobody else has that address. The host answers on its resolver and on sockets bound
 * to a proxy address, and forwards nothing from or to a link. IPv6 passes nowhere.
 */
export function linkRules(agentAddress: string, proxyRange: string, links: readonly LinkEntry[]): string {
  return `${noLinkRules()}
table inet ${TABLE} {
  set links { type ifname
    ${elements(links.map(({ link }) => `"${link}"`))}
  }
  set sources { typeof iifname . ip saddr
    ${elements(links.map(({ link, address }) => `"${link}" . ${address}`))}
  }
  set addresses { type ipv4_addr
    ${elements(links.map(({ address }) => address))}
  }
  chain prerouting {
    type filter hook prerouting priority raw - 10; policy accept;
    iifname . ip saddr @sources accept
    iifname @links counter drop
    iifname "lo" accept
    ip saddr @addresses drop
    ip daddr @addresses drop
    ip daddr { ${agentAddress}, ${proxyRange} } drop
  }
  chain resolver {
    type nat hook prerouting priority dstnat - 10; policy accept;
    iifname @links ip daddr != ${proxyRange} meta l4proto { tcp, udp } th dport 53 dnat ip to ${agentAddress}
  }
  chain input {
    type filter hook input priority filter - 10; policy accept;
    iifname != @links accept
    ct state established,related accept
    ip daddr ${agentAddress} meta l4proto { tcp, udp } th dport 53 accept
    ip daddr ${proxyRange} meta l4proto tcp socket wildcard 0 accept
    meta l4proto tcp reject with tcp reset
    reject with icmpx admin-prohibited
  }
  chain forward {
    type filter hook forward priority filter - 10; policy accept;
    iifname @links meta l4proto tcp reject with tcp reset
    iifname @links reject with icmpx admin-prohibited
    oifname @links drop
  }
}
`;
}

/** Takes the rules away. */
export function noLinkRules(): string {
  return `table inet ${TABLE}\ndelete table inet ${TABLE}`;
}

function elements(items: readonly string[]): string {
  return items.length === 0 ? '' : `elements = { ${items.join(', ')} }`;
}
