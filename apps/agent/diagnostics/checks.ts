import { once, setMaxListeners } from 'node:events';
import {
  CHECKS_OF,
  CHECKS_WITHIN_MS,
  type Check,
  type CheckCode,
  type SelectorEffect,
} from '#libs/contracts/bus-messages.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { unknown } from '#libs/data-plane/diagnostics/check.js';
import { checkMeshJoined } from '#libs/data-plane/diagnostics/mesh-joined.js';
import { checkPeerReached } from '#libs/data-plane/diagnostics/peer-reached.js';
import { checkTopologyApplied } from '#libs/data-plane/diagnostics/topology-applied.js';
import type { FlowSource } from '#libs/policy/model.js';
import { sourcesOf } from '#libs/policy/selector-match.js';
import { checkAgentDns } from './agent-dns.js';
import type { ChecksRequest, DiagnosedHost } from './diagnosed-host.js';
import { checkDnsLoaded } from './dns-loaded.js';
import { checkIsolated } from './isolated.js';
import { checkPolicy, decide } from './policy.js';
import { checkRoute } from './route-present.js';
import { checkTargetAccepts } from './target-accepts.js';

type Sources = ReturnType<typeof sourcesOf>;
type RunCheck = (
  host: DiagnosedHost,
  request: ChecksRequest,
  sources: Sources,
  signal: AbortSignal,
) => Check | Promise<Check>;

const CHECKS: { readonly [code in CheckCode]: RunCheck } = {
  MESH_JOINED: (host) => checkMeshJoined(host.mesh(), host.certificate(), host.now()),
  TOPOLOGY_APPLIED: (host, request) => checkTopologyApplied(host.applied(request.networkId), request),
  DNS_LOADED: checkDnsLoaded,
  ROUTE_PRESENT: checkRoute,
  POLICY: (host, request) => checkPolicy(host.view(request.networkId), request),
  USES_AGENT_DNS: checkAgentDns,
  PEER_REACHED: (host, { networkId, alias, port }, sources, signal) => {
    const network = host.view(networkId)?.name ?? networkId;
    const probe = (source: FlowSource) => host.flows.probe({ networkId, alias, port, source }, signal);
    return checkPeerReached({ network, self: host.agentId, endpointsOf: host.endpointsOf, probe }, sources);
  },
  TARGET_ACCEPTS: (host, request, _sources, signal) => checkTargetAccepts(host, request, signal),
  ISOLATED: (host, _request, sources, signal) => checkIsolated(host, sources, signal),
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
export async function runChecks(host: DiagnosedHost, request: ChecksRequest): Promise<Answered> {
  const signal = AbortSignal.timeout(CHECKS_WITHIN_MS - TELLING_MS);
  const sources = sourcesHere(host, request);
  setMaxListeners(MOST_WAITING, signal);
  const late = once(AbortSignal.timeout(CHECKS_WITHIN_MS), 'abort');
  const checks = CHECKS_OF[request.role].map((code) =>
    inTime(code, late, async () => CHECKS[code](host, request, sources, signal)),
  );
  const effect = decide(host.view(request.networkId), request)?.effect ?? null;
  return { checks: await Promise.all(checks), effect };
}

/** The sandboxes of this host that the selector stands for. */
function sourcesHere(host: DiagnosedHost, { networkId, from }: ChecksRequest): Sources {
  const view = host.view(networkId);
  if (view === null) return [];
  return sourcesOf(view, parseSelector(from, 'from')).filter(
    ({ sandboxId }) => view.sandboxes.get(sandboxId)?.agentId === host.agentId,
  );
}

/** A check that takes too long, or breaks, is one whose outcome is not known; the others are answered all the same. */
function inTime(code: CheckCode, late: Promise<unknown>, run: () => Promise<Check>): Promise<Check> {
  const tooLate = () => unknown(code, `not found out within ${CHECKS_WITHIN_MS} ms`, 'test again');
  const failed = (error: unknown) =>
    unknown(code, `not found out: ${error instanceof Error ? error.message : String(error)}`, "read the agent's log");
  return Promise.race([run().catch(failed), late.then(tooLate)]);
}
