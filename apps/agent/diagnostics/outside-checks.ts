import { CHECKS_OF_OUTSIDE, type Check, type CheckCode, fail, pass, skipped } from '#libs/contracts/bus/checks.js';
import type { OutsideChecksRequest } from '#libs/contracts/bus/to-member/diagnose.js';
import type { SandboxId } from '#libs/contracts/ids.js';
import { parseSelector, type SelectorEffect } from '#libs/contracts/selectors.js';
import type { OutsideDialTarget } from '#libs/data-plane/data-plane.js';
import { checkPeerReached, type PeerCheck } from '#libs/data-plane/diagnostics/peer-reached.js';
import { checkTopologyApplied } from '#libs/data-plane/diagnostics/topology-applied.js';
import { TargetUnreachableError } from '#libs/data-plane/flows/dial.js';
import { evaluateOutside } from '#libs/policy/evaluate-outside.js';
import { evaluateSelector } from '#libs/policy/evaluate-selector.js';
import type { NetworkView } from '#libs/policy/model.js';
import { policyRemedy } from '#libs/policy/remedies.js';
import { sourcesOf } from '#libs/policy/selector-match.js';
import { checksInTime } from './checks-in-time.js';
import type { DiagnosedAgent } from './diagnosed-agent.js';
import { checkIsolated } from './isolated.js';
import { describeVerdict } from './policy.js';
import { type Sources, sourcesHere } from './sources-here.js';

export interface Answered {
  readonly checks: readonly Check[];
  readonly effect: SelectorEffect | null;
}

/** A name that no rule allows is neither looked up nor dialled. */
const DENIED = 'the policy denies it to every source on this host, so no resolver is asked for this name';

interface Asked {
  readonly agent: DiagnosedAgent;
  readonly request: OutsideChecksRequest;
  readonly sources: Sources;
  readonly view: NetworkView | null;
  /** What a flow would dial from this host; null: no source is allowed to. */
  readonly target: OutsideDialTarget | null;
  /** Sources whose connections leave from another agent. */
  readonly elsewhere: Sources;
  readonly signal: AbortSignal;
}

const CHECKS: { readonly [code in CheckCode]?: (asked: Asked) => Check | Promise<Check> } = {
  TOPOLOGY_APPLIED: ({ agent, request }) => checkTopologyApplied(agent.applied(request.networkId), request),
  DNS_LOADED: ({ agent }) => checkNames(agent),
  POLICY: ({ agent, view, request }) => checkPolicy(view, request, agent.now().getTime()),
  PEER_REACHED: checkExit,
  NAME_RESOLVES: checkResolves,
  TARGET_ACCEPTS: checkAccepts,
  ISOLATED: ({ agent, sources, signal }) => checkIsolated(agent, sources, signal),
};

/** What this agent sees of a connection to a name outside: of its sandboxes, or through it as the exit. */
export async function runOutsideChecks(agent: DiagnosedAgent, request: OutsideChecksRequest): Promise<Answered> {
  const { networkId, from, name, port, role } = request;
  const view = agent.view(networkId);
  const members = view === null ? [] : sourcesOf(view, parseSelector(from, 'from'));
  const nowMs = agent.now().getTime();
  const leavesBy = (sandboxId: SandboxId) => view && evaluateOutside(view, { sandboxId, name, port }, nowMs);
  const sources =
    role === 'source'
      ? sourcesHere(agent, request)
      : members.filter(({ sandboxId }) => leavesBy(sandboxId)?.via === agent.agentId);
  const allowed = sources.flatMap((source) => {
    const verdict = leavesBy(source.sandboxId);
    return verdict?.effect === 'allow' ? [{ source, verdict }] : [];
  });
  const dialled = allowed.find(({ verdict: { via } }) => via === null || via === agent.agentId);
  const asked = {
    ...{ agent, request, sources, view: ofSources(view, sources) },
    target: dialled === undefined ? null : { name, port, mayBePrivate: dialled.verdict.mayBePrivate },
    elsewhere: allowed
      .filter(({ verdict: { via } }) => via !== null && via !== agent.agentId)
      .map(({ source }) => source),
  };
  const checks = await checksInTime(CHECKS_OF_OUTSIDE[role], async (code, signal) => {
    const answer = CHECKS[code]?.({ ...asked, signal });
    return answer ?? skipped(code, 'it is not about names outside');
  });
  // Of rules about the sandboxes of others an agent knows only what it needs.
  const isKnownHere = view !== null && sources.length === members.length;
  return {
    checks,
    effect: isKnownHere ? evaluateSelector(view, parseSelector(from, 'from'), name, port, nowMs).effect : null,
  };
}

/** The view with these sandboxes alone, when there are any: those whose rules are all known here. */
function ofSources(view: NetworkView | null, sources: Sources): NetworkView | null {
  if (view === null || sources.length === 0) return view;
  const meant = new Set(sources.map(({ sandboxId }) => sandboxId));
  return { ...view, sandboxes: new Map([...view.sandboxes].filter(([sandboxId]) => meant.has(sandboxId))) };
}

async function checkNames(agent: DiagnosedAgent): Promise<Check> {
  if (agent.egress.mode === 'none') {
    const remedy = 'set GLOBALSTACKS_AGENT_EGRESS to listed, and restart the agent';
    return fail('DNS_LOADED', 'this agent reaches no outside names: its GLOBALSTACKS_AGENT_EGRESS is none', remedy);
  }
  const served = await agent.dnsRevision();
  const wanted = agent.zone()?.revision ?? null;
  if (served === null || wanted === null) {
    return fail('DNS_LOADED', 'the DNS worker does not answer', "it is restarted automatically; read the agent's log");
  }
  if (served < wanted) {
    return fail(
      'DNS_LOADED',
      `the DNS worker still serves revision ${served}; the policy is in revision ${wanted}`,
      'wait a moment and test again',
    );
  }
  const others = agent.egress.mode === 'open' ? 'all others are resolved too (open)' : 'all others get NXDOMAIN';
  return pass('DNS_LOADED', `names that rules allow are resolved (revision ${served}); ${others}`);
}

function checkPolicy(view: NetworkView | null, { from, name, port }: OutsideChecksRequest, nowMs: number): Check {
  if (view === null) return fail('POLICY', 'this agent holds no policy of this network', null);
  const verdict = evaluateSelector(view, parseSelector(from, 'from'), name, port, nowMs);
  const evidence = describeVerdict(verdict, `${from} to ${name}:${port}`);
  if (verdict.effect === 'allow') return pass('POLICY', evidence);
  return fail('POLICY', evidence, policyRemedy(view, { from, alias: name, port }, verdict));
}

async function checkExit({ agent, request, view, elsewhere, signal }: Asked): Promise<Check> {
  const { networkId, name, port } = request;
  if (view === null || elsewhere.length === 0)
    return skipped('PEER_REACHED', 'no rule names another agent as the exit');
  const host: PeerCheck = {
    network: view.name,
    self: agent.agentId,
    probe: (source) => agent.flows.probe({ networkId, alias: name, port, source }, signal),
    endpointsOf: agent.endpointsOf,
    monotonicMs: () => performance.now(),
  };
  return checkPeerReached(host, elsewhere);
}

/** Why nothing is dialled from here. */
function notFromHere({ elsewhere }: Asked): string {
  return elsewhere.length === 0 ? DENIED : "the rule names another agent as the exit: see that agent's checks";
}

async function checkResolves(asked: Asked): Promise<Check> {
  const { agent, target, signal } = asked;
  const { resolve } = agent.egress;
  if (target === null) return skipped('NAME_RESOLVES', notFromHere(asked));
  if (resolve === null) return skipped('NAME_RESOLVES', 'this agent reaches no outside names');
  try {
    const addresses = await resolve(target, signal, 'network test');
    return pass('NAME_RESOLVES', `${target.name} resolves to ${addresses.join(', ')} on this host`);
  } catch (error) {
    if (!(error instanceof TargetUnreachableError)) throw error;
    return fail('NAME_RESOLVES', `${error.code}: ${error.message}`, error.remedy);
  }
}

async function checkAccepts(asked: Asked): Promise<Check> {
  const { agent, target, signal } = asked;
  if (target === null) return skipped('TARGET_ACCEPTS', notFromHere(asked));
  const failure = await agent.flows.tryOutside(target, signal);
  if (failure === null)
    return pass('TARGET_ACCEPTS', `${target.name}:${target.port} accepted a connection from this host`);
  const remedy = failure.remedy ?? `check that ${target.name}:${target.port} is open from this host`;
  return fail('TARGET_ACCEPTS', `${failure.code}: ${failure.message}`, remedy);
}
