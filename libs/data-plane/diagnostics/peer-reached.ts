import type { Check } from '#libs/contracts/bus/checks.js';
import { fail, pass, skipped, tookText, unknown } from '#libs/contracts/bus/checks.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { meshRemedy } from '#libs/contracts/mesh-remedies.js';
import type { VerdictReason } from '#libs/contracts/verdicts.js';
import type { FlowSource } from '#libs/policy/model.js';
import type { ProbeOutcome } from '../data-plane.js';
import { worst } from './worst-check.js';

/** What the check needs from the host that it runs on. */
export interface PeerCheck {
  readonly network: string;
  /** The host's agent; null: a developer's machine. */
  readonly self: AgentId | null;
  readonly probe: (source: FlowSource) => Promise<ProbeOutcome>;
  /** A monotonic clock. */
  readonly monotonicMs: () => number;
  /** The endpoints that an agent reported. */
  readonly endpointsOf: (agentId: AgentId) => readonly string[];
}

/** Sources of one host that are tried; further ones that the selector matches are only mentioned. */
const MOST_SOURCES = 8;

/** Checks over the live path whether the target's agent would accept a flow from these sources of this host. */
export async function checkPeerReached(host: PeerCheck, sources: readonly FlowSource[]): Promise<Check> {
  if (sources.length === 0) return skipped('PEER_REACHED', 'the selector matches no source on this host');
  const tried = sources.slice(0, MOST_SOURCES);
  const checks = await Promise.all(tried.map((source) => checkOne(host, source)));
  const found = worst(checks);
  const leftOut = sources.length - tried.length;
  return leftOut === 0 ? found : { ...found, evidence: `${leftOut} more sources were not tried; ${found.evidence}` };
}

async function checkOne(host: PeerCheck, source: FlowSource): Promise<Check> {
  const beganAt = host.monotonicMs();
  const outcome = await host.probe(source);
  return describe(host, source, outcome, host.monotonicMs() - beganAt);
}

function describe(host: PeerCheck, source: FlowSource, outcome: ProbeOutcome, tookMs: number): Check {
  const who = source.kind === 'sandbox' ? source.sandboxId : `local:${source.user}`;
  switch (outcome.kind) {
    case 'taken': {
      const by = outcome.agentId === host.self ? 'this agent' : `agent ${outcome.agentId}`;
      return pass(
        'PEER_REACHED',
        `${by} would accept a connection from ${who}, by version ${outcome.version}${tookText(tookMs)}`,
      );
    }
    case 'refused here':
      if (isPolicy(outcome.code)) {
        return skipped('PEER_REACHED', `nothing was sent: the policy here denies ${who} (${outcome.code})`);
      }
      return fail(
        'PEER_REACHED',
        `this agent refuses a connection from ${who}: ${outcome.code}`,
        refusalRemedy(outcome.code, host),
      );
    case 'refused there': {
      const { agentId, code, message, version } = outcome;
      const decided = version === null ? '' : `, by version ${version}`;
      const evidence = `agent ${agentId} refuses a connection from ${who}: ${code} (${message})${decided}`;
      return fail('PEER_REACHED', evidence, refusalRemedy(code, host));
    }
    case 'unreachable': {
      const { agentId, code, message } = outcome;
      const endpoints = host.endpointsOf(agentId);
      const where = endpoints.length === 0 ? '' : ` at ${endpoints.join(', ')}`;
      const evidence = `agent ${agentId} cannot be reached${where}: ${code}, ${message}`;
      return fail('PEER_REACHED', evidence, unreachableRemedy(outcome, endpoints));
    }
    case 'not known there': {
      const evidence = `agent ${outcome.agentId} can be reached, but runs an earlier release that does not answer probes`;
      return unknown('PEER_REACHED', evidence, outcome.remedy);
    }
  }
}

const POLICY_REASONS: { readonly [reason in VerdictReason]: true } = {
  ALLOWED: true,
  EXPLICIT_DENY: true,
  DEFAULT_DENY: true,
  NOT_ATTACHED: true,
  NO_ALIAS: true,
  NO_PORT: true,
};

function isPolicy(code: string): boolean {
  return code in POLICY_REASONS;
}

function refusalRemedy(code: string, { network }: PeerCheck): string {
  if (isPolicy(code) || code === 'NETWORK_UNKNOWN' || code === 'EXIT_NOT_HERE') {
    return `the agents hold different versions: see \`gstacks network status ${network}\``;
  }
  switch (code) {
    case 'FLOW_LIMIT':
      return (
        'close connections of that source, or raise GLOBALSTACKS_AGENT_FLOWS_PER_SANDBOX and ' +
        'GLOBALSTACKS_AGENT_FLOWS'
      );
    case 'STALE':
      return 'check that this agent runs and reaches the control plane: gstacks agent list';
    case 'EGRESS_OFF':
      return 'set GLOBALSTACKS_AGENT_EGRESS of that agent to listed, and restart it';
    case 'TARGET_PAUSED':
      return 'resume the target sandbox, such as with docker unpause';
    case 'MESH_NOT_CONFIGURED':
      return meshRemedy(code) ?? '';
    case 'LOCAL_NODE_NOT_ADMITTED':
      return `test again in a moment; if this lasts, leave and join again: gstacks mesh leave ${network}`;
    case 'SOURCE_NOT_HERE':
    case 'SOURCE_NOT_ON_PEER':
    case 'TARGET_NOT_HERE':
    case 'TARGET_NOT_PLACED':
    case 'TARGET_MOVED':
      return 'see where the sandboxes are with `gstacks sandbox list`';
    default:
      return "read that agent's log";
  }
}

const UNSPECIFIED = /^(0\.0\.0\.0|\[::\]):/;

function unreachableRemedy(
  { agentId, code, remedy }: Extract<ProbeOutcome, { kind: 'unreachable' }>,
  endpoints: readonly string[],
): string {
  if (endpoints.length > 0 && endpoints.every((endpoint) => UNSPECIFIED.test(endpoint))) {
    return `set GLOBALSTACKS_MESH_DIRECT_ADVERTISE of agent ${agentId} to an address that other hosts reach`;
  }
  if (code === 'CONNECT_TIMEOUT') {
    return `check that the agent of ${agentId} runs, and that nothing between the hosts drops its packets`;
  }
  return remedy ?? `check that the agent of ${agentId} runs and is in the mesh: gstacks agent list`;
}
