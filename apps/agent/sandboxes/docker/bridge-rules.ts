import type { BridgePlan } from './bridge-plan.js';

/** A container's end of the bridge: what comes in by this port, from these addresses, is that container. */
export interface AdmittedPort {
  /** The host's end of the container's link. */
  readonly port: string;
  readonly macAddress: string;
  readonly address: string;
}

/** Marks what came in by an admitted port; taken off again before any other rule of the host sees the packet. */
const ADMITTED_MARK = '0x67736e74';

/**
 * The whole of the agent's rules for its bridge, as one transaction.
 *
 * On the bridge: only frames of an admitted port, from that port's own addresses, pass; nothing passes from port to
 * port, and nobody speaks for the bridge's addresses who is not admitted. Above it: what is not marked as admitted is
 * dropped, so that a container which nobody has taken yet reaches nothing. The host answers on its resolver and on
 * sockets bound to a proxy address, and forwards nothing from or to the bridge.
 */
export function bridgeRules(plan: BridgePlan, proxyRange: string, ports: readonly AdmittedPort[]): string {
  const { bridge, gateway, subnet } = plan;
  return `${emptyTable('bridge', bridge)}
table bridge ${bridge} {
  set ports { type ifname
    ${elements(ports.map(({ port }) => quoted(port)))}
  }
  set sources { typeof iifname . ether saddr . ip saddr
    ${elements(ports.map(({ port, macAddress, address }) => `${quoted(port)} . ${macAddress} . ${address}`))}
  }
  chain prerouting {
    type filter hook prerouting priority -310; policy accept;
    iifname . ether saddr . ip saddr @sources meta mark set ${ADMITTED_MARK} accept
    ether type arp iifname . arp saddr ether . arp saddr ip @sources accept
    iifname @ports counter drop
    ether type arp arp saddr ip ${subnet} drop
  }
  chain forward {
    type filter hook forward priority -310; policy accept;
    iifname @ports drop
    oifname @ports drop
  }
}
${emptyTable('inet', bridge)}
table inet ${bridge} {
  chain prerouting {
    type filter hook prerouting priority raw - 10; policy accept;
    iifname ${quoted(bridge)} meta mark != ${ADMITTED_MARK} counter drop
    iifname ${quoted(bridge)} meta mark set 0
    iifname != { ${quoted(bridge)}, "lo" } ip saddr ${subnet} drop
    iifname != { ${quoted(bridge)}, "lo" } ip daddr { ${subnet}, ${proxyRange} } drop
  }
  chain resolver {
    type nat hook prerouting priority dstnat - 10; policy accept;
    iifname ${quoted(bridge)} ip daddr != ${proxyRange} meta l4proto { tcp, udp } th dport 53 dnat ip to ${gateway}
  }
  chain input {
    type filter hook input priority filter - 10; policy accept;
    iifname != ${quoted(bridge)} accept
    ct state established,related accept
    ip daddr ${gateway} meta l4proto { tcp, udp } th dport 53 accept
    ip daddr ${proxyRange} meta l4proto tcp socket wildcard 0 accept
    meta l4proto tcp reject with tcp reset
    reject with icmpx admin-prohibited
  }
  chain forward {
    type filter hook forward priority filter - 10; policy accept;
    iifname ${quoted(bridge)} meta l4proto tcp reject with tcp reset
    iifname ${quoted(bridge)} reject with icmpx admin-prohibited
    oifname ${quoted(bridge)} drop
  }
}
`;
}

/** Takes the rules away. */
export function noBridgeRules(bridge: string): string {
  return `${emptyTable('bridge', bridge)}\n${emptyTable('inet', bridge)}\n`;
}

/** A table is made before it is deleted, because nft refuses to delete what is not there. */
function emptyTable(family: string, name: string): string {
  return `table ${family} ${name}\ndelete table ${family} ${name}`;
}

function elements(items: readonly string[]): string {
  return items.length === 0 ? '' : `elements = { ${items.join(', ')} }`;
}

function quoted(interfaceName: string): string {
  return `"${interfaceName}"`;
}
