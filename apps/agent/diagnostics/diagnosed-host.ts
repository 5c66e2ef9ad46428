import type { AgentId } from '#libs/contracts/ids.js';
import { parseEndpoint } from '#libs/data-plane/dns/endpoint.js';
import type { Host } from '../host/host.js';
import type { KnownPeers } from '../mesh/known-peers.js';
import type { Applier } from '../topology/applier.js';
import type { DiagnosedHost } from './checks.js';
import { queryDns } from './dns-query.js';
import { isListening } from './listening-sockets.js';

/** The parts that carry traffic, as the checks look at them. */
export function diagnosedHost(
  agentId: AgentId,
  host: Host,
  applier: Applier,
  peers: KnownPeers,
  newQueryId: () => number,
): DiagnosedHost {
  return {
    agentId,
    mesh: host.mesh.state,
    applied: (networkId) => applier.applied(networkId),
    view: (networkId) => host.flows.view(networkId),
    failureOf: (networkId, alias) =>
      applier.failures(networkId).find((failure) => failure.alias === alias)?.message ?? null,
    zone: () => host.zone.served(),
    dnsRevision: () => host.dns.revision(),
    queryDns: async (name) => {
      const [listener] = host.driver.dnsListenAddresses();
      if (listener === undefined) return null;
      const { address, port } = parseEndpoint(listener, 'DNS listener');
      return { listener, answer: await queryDns(address, port, name, newQueryId()) };
    },
    routes: () => host.listeners.routes(),
    isListening: ({ address, port }) => isListening(address, port),
    sandboxes: host.driver.directory,
    endpointsOf: (peer) => peers.endpointsOf(peer),
  };
}
