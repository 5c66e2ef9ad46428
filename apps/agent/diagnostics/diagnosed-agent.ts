import type { MeshState } from '#libs/contracts/bus/from-member/hello.js';
import type { SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import type { DiagnoseRequest } from '#libs/contracts/bus/to-member/diagnose.js';
import type { AgentId, NetworkId, SandboxId } from '#libs/contracts/ids.js';
import type { FlowEngine, Route, SandboxDirectory } from '#libs/data-plane/data-plane.js';
import { parseEndpoint } from '#libs/data-plane/dns/endpoint.js';
import type { HeldNetwork } from '#libs/data-plane/topology/held-network.js';
import type { AdmittedPeers } from '#libs/member/admitted-peers.js';
import type { NetworkView } from '#libs/policy/model.js';
import { listeningSockets } from '#libs/program/listening-sockets.js';
import type { ServedZone } from '../dns/zone-publisher.js';
import type { HostEgress } from '../egress/host-egress.js';
import type { SandboxInspection } from '../sandboxes/inspection/inspection.js';
import type { Applier } from '../topology/applier.js';
import type { Traffic } from '../traffic/traffic.js';
import { queryDns } from './dns-query.js';

export type ChecksRequest = Extract<DiagnoseRequest, { kind: 'checks' }>;

/** Where the checks look: the very things that carry traffic. */
export interface DiagnosedAgent {
  readonly agentId: AgentId;
  readonly now: () => Date;
  readonly mesh: () => MeshState;
  /** The certificate shown to peers, PEM. */
  readonly certificate: () => string;
  readonly applied: (networkId: NetworkId) => HeldNetwork | null;
  /** What the flow engine decides with. */
  readonly view: (networkId: NetworkId) => NetworkView | null;
  readonly failureOf: (networkId: NetworkId, alias: string) => string | null;
  readonly zone: () => ServedZone | null;
  /** Asked of the DNS worker itself; null: it does not answer. */
  readonly dnsRevision: () => Promise<number | null>;
  /** Sends a query to a DNS listener; the answer's code, or null without one. */
  readonly queryDns: (name: string) => Promise<{ readonly listener: string; readonly answer: string | null } | null>;
  readonly routes: () => readonly Route[];
  readonly isListening: (route: Route) => Promise<boolean>;
  readonly sandboxes: Pick<SandboxDirectory, 'addressOf' | 'isPaused'>;
  readonly endpointsOf: (agentId: AgentId) => readonly string[];
  readonly flows: Pick<FlowEngine, 'probe' | 'dialTarget' | 'tryOutside' | 'flows'>;
  readonly egress: Pick<HostEgress, 'mode' | 'resolve' | 'deniedOf'>;
  readonly inspection: Pick<SandboxInspection, 'listeners' | 'lookUp'>;
  /** Dials from a sandbox what isolation keeps from it. */
  readonly dialForbidden: Traffic['dialForbidden'];
  /** Looks now whether what keeps sandboxes apart is in force; isolationOf tells what was found. */
  readonly checkIsolation: () => Promise<void>;
  /** What the driver reports of a sandbox; null: it is not here. */
  readonly isolationOf: (
    sandboxId: SandboxId,
  ) => Pick<SandboxReport, 'isolation' | 'isolationEvidence' | 'isolationRemedy'> | null;
}

export interface DiagnosedParts {
  readonly agentId: AgentId;
  readonly traffic: Traffic;
  readonly applier: Applier;
  readonly peers: AdmittedPeers;
  readonly certificate: () => string;
  readonly newQueryId: () => number;
  readonly now: () => Date;
}

/** The parts that carry traffic, as the checks look at them. */
export function diagnosedAgent(parts: DiagnosedParts): DiagnosedAgent {
  const { agentId, traffic, applier, peers, certificate, newQueryId, now } = parts;
  return {
    agentId,
    now,
    mesh: () => traffic.mesh.state(),
    certificate,
    applied: (networkId) => applier.applied(networkId),
    view: (networkId) => traffic.flows.view(networkId),
    failureOf: (networkId, alias) =>
      applier.failures(networkId).find((failure) => failure.alias === alias)?.message ?? null,
    zone: () => traffic.zone.served(),
    dnsRevision: () => traffic.dns.revision(),
    queryDns: async (name) => {
      const [listener] = traffic.driver.dnsListenAddresses();
      if (listener === undefined) return null;
      const { address, port } = parseEndpoint(listener, 'DNS listener');
      return { listener, answer: await queryDns(address, port, name, newQueryId()) };
    },
    routes: () => traffic.listeners.routes(),
    isListening: async ({ address, port }) =>
      (await listeningSockets()).some((socket) => socket.address === address && socket.port === port),
    sandboxes: traffic.driver.directory,
    endpointsOf: (peer) => peers.endpointsOf(peer),
    flows: traffic.flows,
    egress: traffic.egress,
    inspection: traffic.driver.inspection,
    dialForbidden: traffic.dialForbidden,
    checkIsolation: () => traffic.driver.checkIsolation(),
    isolationOf: (sandboxId) => traffic.driver.inventory().find((report) => report.sandboxId === sandboxId) ?? null,
  };
}

/** The DNS record that this host serves for the alias; null: none. */
export function recordOf(agent: DiagnosedAgent, { networkId, alias }: Pick<ChecksRequest, 'networkId' | 'alias'>) {
  const network = agent.applied(networkId)?.snapshot.name;
  if (network === undefined) return null;
  const record = agent.zone()?.recordOf(network, alias) ?? null;
  return record === null ? null : { ...record, name: `${alias}.${network}.gstacks` };
}
