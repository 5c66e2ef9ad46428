import { hostChains, resolverSet } from '../firewall/host-chains.js';
import type { TableName, TableRules } from '../firewall/table-rules.js';
import type { BridgePlan } from './bridge-plan.js';

/** A container's port of the bridge: packets that arrive by it from these addresses are that container's. */
export interface AdmittedPort {
  /** The host's end of the container's link. */
  readonly port: string;
  readonly macAddress: string;
  readonly address: string;
}

/** Marks packets that arrived by an admitted port. It is removed before any other rule of the host sees the packet. */
const ADMITTED_MARK = '0x67736e74';

/** The tables on the bridge and above it. */
export function bridgeTables(bridge: string): readonly [TableName, TableName] {
  return [
    { family: 'bridge', name: bridge },
    { family: 'inet', name: bridge },
  ];
}

/**
 * All of the agent's rules for its bridge. On the bridge: only frames of an admitted port with that port's own
 * addresses pass; nothing passes from port to port; and only admitted containers may answer ARP for the bridge's
 * addresses. Above it: packets without the mark are dropped, so a container that was not admitted yet reaches nothing.
 */
export function bridgeRules(
  plan: BridgePlan,
  proxyRange: string,
  queriesPerSecond: number,
  ports: readonly AdmittedPort[],
): readonly TableRules[] {
  const { bridge, gateway, subnet } = plan;
  const [onBridge, above] = bridgeTables(bridge);
  const quotedBridge = quoted(bridge);
  return [
    {
      table: onBridge,
      sets: [
        { name: 'ports', type: 'type ifname', elements: ports.map(({ port }) => quoted(port)) },
        {
          name: 'sources',
          type: 'typeof iifname . ether saddr . ip saddr',
          elements: ports.map(({ port, macAddress, address }) =>
            [quoted(port), macAddress.toLowerCase(), address].join(' . '),
          ),
        },
      ],
      chains: `  chain prerouting {
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
  }`,
    },
    {
      table: above,
      sets: [resolverSet([{ link: bridge, address: gateway }])],
      chains: `  chain prerouting {
    type filter hook prerouting priority raw - 10; policy accept;
    iifname ${quotedBridge} meta mark != ${ADMITTED_MARK} counter drop
    iifname ${quotedBridge} meta mark set 0
    iifname != { ${quotedBridge}, "lo" } ip saddr ${subnet} drop
    iifname != { ${quotedBridge}, "lo" } ip daddr { ${subnet}, ${proxyRange} } drop
  }
${hostChains({ links: quotedBridge, proxyRange, queriesLedTo: gateway, queriesPerSecond })}`,
    },
  ];
}

function quoted(interfaceName: string): string {
  return `"${interfaceName}"`;
}
