import { once, setMaxListeners } from 'node:events';
import { CHECKS_OF, CHECKS_WITHIN_MS, type Check, type CheckCode, unknown } from '#libs/contracts/bus/checks.js';
import type { SelectorEffect } from '#libs/contracts/selectors.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { checkMeshJoined } from '#libs/data-plane/diagnostics/mesh-joined.js';
import { checkPeerReached } from '#libs/data-plane/diagnostics/peer-reached.js';
import { checkTopologyApplied } from '#libs/data-plane/diagnostics/topology-applied.js';
import type { FlowSource } from '#libs/policy/model.js';
import { sourcesOf } from '#libs/policy/selector-match.js';
import { checkAgentDns } from './agent-dns.js';
import type { ChecksRequest, DiagnosedAgent } from './diagnosed-agent.js';
import { checkDnsLoaded } from './dns-loaded.js';
import { checkIsolated } from './isolated.js';
import { checkPolicy, decide } from './policy.js';
import { checkRoute } from './route-present.js';
import { checkTargetAccepts } from './target-accepts.js';

type Sources = ReturnType<typeof sourcesOf>;
type RunCheck = (
  agent: DiagnosedAgent,
  request: ChecksRequest,
  sources: Sources,
  signal: AbortSignal,
) => Check | Promise<Check>;

const CHECKS: { readonly [code in CheckCode]: RunCheck } = {
  MESH_JOINED: (agent) => checkMeshJoined(agent.mesh(), agent.certificate(), agent.now()),
  TOPOLOGY_APPLIED: (agent, request) => checkTopologyApplied(agent.applied(request.networkId), request),
  DNS_LOADED: checkDnsLoaded,
  ROUTE_PRESENT: checkRoute,
  POLICY: (agent, request) => checkPolicy(agent.view(request.networkId), request),
  USES_AGENT_DNS: checkAgentDns,
  PEER_REACHED: (agent, { networkId, alias, port }, sources, signal) => {
    const network = agent.view(networkId)?.name ?? networkId;
    const probe = (source: FlowSource) => agent.flows.probe({ networkId, alias, port, source }, signal);
    return checkPeerReached({ network, self: agent.agentId, endpointsOf: agent.endpointsOf, probe }, sources);
  },
  TARGET_ACCEPTS: (agent, request, _sources, signal) => checkTargetAccepts(agent, request, signal),
  ISOLATED: (agent, _request, sources, signal) => checkIsolated(agent, sources, signal),
};

/** What is tried is given up a little before the end, so that its check can still say what came of it. */
const TELLING_MS = 300;
/** Each source that is tried, and each program that is run, waits for the end of the time. */
const MOST_WAITING = 64;

export interface Answered {
  readonly checks: readonly Check[];
  readonly effect: SelectorEffect | null;
}

/** The checks of one end, side by side and within their time, in the order in which traffic depends on them. */
export async function runChecks(agent: DiagnosedAgent, request: ChecksRequest): Promise<Answered> {
  const signal = AbortSignal.timeout(CHECKS_WITHIN_MS - TELLING_MS);
  const sources = sourcesHere(agent, request);
  setMaxListeners(MOST_WAITING, signal);
  const late = once(AbortSignal.timeout(CHECKS_WITHIN_MS), 'abort');
  const checks = CHECKS_OF[request.role].map((code) =>
    inTime(code, late, async () => CHECKS[code](agent, request, sources, signal)),
  );
  const effect = decide(agent.view(request.networkId), request)?.effect ?? null;
  return { checks: await Promise.all(checks), effect };
}

/** The sandboxes of this host that the selector stands for. */
function sourcesHere(agent: DiagnosedAgent, { networkId, from }: ChecksRequest): Sources {
  const view = agent.view(networkId);
  if (view === null) return [];
  return sourcesOf(view, parseSelector(from, 'from')).filter(
    ({ sandboxId }) => view.sandboxes.get(sandboxId)?.agentId === agent.agentId,
  );
}

/** A check that takes too long, or breaks, is one whose outcome is not known; the others are answered all the same. */
function inTime(code: CheckCode, late: Promise<unknown>, run: () => Promise<Check>): Promise<Check> {
  const tooLate = () => unknown(code, `not found out within ${CHECKS_WITHIN_MS} ms`, 'test again');
  const failed = (error: unknown) =>
    unknown(code, `not found out: ${error instanceof Error ? error.message : String(error)}`, "read the agent's log");
  return Promise.race([run().catch(failed), late.then(tooLate)]);
}
