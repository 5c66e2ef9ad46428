import { CHECKS_OF, type Check, type CheckCode, skipped } from '#libs/contracts/bus/checks.js';
import { checkMeshJoined } from '#libs/data-plane/diagnostics/mesh-joined.js';
import { checkPeerReached } from '#libs/data-plane/diagnostics/peer-reached.js';
import { checkTopologyApplied } from '#libs/data-plane/diagnostics/topology-applied.js';
import type { FlowSource } from '#libs/policy/model.js';
import { checkAgentDns } from './agent-dns.js';
import { checksInTime } from './checks-in-time.js';
import type { ChecksRequest, DiagnosedAgent } from './diagnosed-agent.js';
import { checkDnsLoaded } from './dns-loaded.js';
import { checkIsolated } from './isolated.js';
import type { Answered } from './outside-checks.js';
import { checkPolicy, decide } from './policy.js';
import { checkRoute } from './route-present.js';
import { type Sources, sourcesHere } from './sources-here.js';
import { checkTargetAccepts } from './target-accepts.js';

type RunCheck = (
  agent: DiagnosedAgent,
  request: ChecksRequest,
  sources: Sources,
  signal: AbortSignal,
) => Check | Promise<Check>;

const CHECKS: { readonly [code in Exclude<CheckCode, 'NAME_RESOLVES'>]: RunCheck } = {
  MESH_JOINED: (agent) => checkMeshJoined(agent.mesh(), agent.certificate(), agent.now()),
  TOPOLOGY_APPLIED: (agent, request) => checkTopologyApplied(agent.applied(request.networkId), request),
  DNS_LOADED: checkDnsLoaded,
  ROUTE_PRESENT: checkRoute,
  POLICY: (agent, request) => checkPolicy(agent, request),
  USES_AGENT_DNS: checkAgentDns,
  PEER_REACHED: (agent, { networkId, alias, port }, sources, signal) => {
    const network = agent.view(networkId)?.name ?? networkId;
    const probe = (source: FlowSource) => agent.flows.probe({ networkId, alias, port, source }, signal);
    const host = { network, self: agent.agentId, endpointsOf: agent.endpointsOf, monotonicMs: () => performance.now() };
    return checkPeerReached({ ...host, probe }, sources);
  },
  TARGET_ACCEPTS: (agent, request, _sources, signal) => checkTargetAccepts(agent, request, signal),
  ISOLATED: (agent, _request, sources, signal) => checkIsolated(agent, sources, signal),
};

/** The checks of one end, in the order in which traffic depends on them. */
export async function runChecks(agent: DiagnosedAgent, request: ChecksRequest): Promise<Answered> {
  const sources = sourcesHere(agent, request);
  const checks = await checksInTime(CHECKS_OF[request.role], async (code, signal) =>
    code === 'NAME_RESOLVES'
      ? skipped(code, 'an alias is resolved by this agent')
      : CHECKS[code](agent, request, sources, signal),
  );
  const effect = decide(agent, request)?.effect ?? null;
  return { checks, effect };
}
