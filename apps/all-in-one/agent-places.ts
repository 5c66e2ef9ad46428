import type { AddressBlock } from './address-block.js';
import type { HostNamespace } from './host-namespaces.js';
import type { InnerPorts } from './ports.js';
import type { AgentBridge } from './sample-containers.js';
import { AGENTS, type AgentName } from './sample-sandboxes.js';

/** Where an agent runs and its settings there; null: not used with these sandboxes, or chosen by the driver. */
export interface AgentPlace {
  readonly name: AgentName;
  readonly controlPlaneUrl: string;
  readonly proxyRange: string | null;
  readonly dnsAddress: string | null;
  readonly sandboxRange: string | null;
  readonly meshEndpoint: string;
  readonly host: HostNamespace | null;
  readonly docker: AgentBridge | null;
}

export interface Machine {
  readonly block: AddressBlock;
  readonly ports: InnerPorts;
  /** With network namespaces: one per host. */
  readonly hosts: readonly HostNamespace[] | null;
  /** With containers: one per host. */
  readonly bridges: { readonly [agent in AgentName]: AgentBridge } | null;
  readonly controlPlaneUrl: string;
}

/** The places of the two sample hosts' agents. Without namespaces and containers they share the loopback interface. */
export function agentPlaces(machine: Machine, loopback: string): readonly AgentPlace[] {
  const { block, ports, hosts, bridges, controlPlaneUrl } = machine;
  const sharesLoopback = hosts === null && bridges === null;
  return ([0, 1] as const).map((index) => {
    const name = AGENTS[index];
    const host = hosts?.[index] ?? null;
    return {
      name,
      controlPlaneUrl,
      host,
      docker: bridges?.[name] ?? null,
      proxyRange: sharesLoopback ? block.proxyRanges[index] : null,
      dnsAddress: sharesLoopback ? block.dnsAddresses[index] : null,
      sandboxRange: host === null ? null : `10.76.${index + 1}.0/24`,
      meshEndpoint: `${host?.address ?? loopback}:${ports.mesh[index]}`,
    };
  });
}
