import type { CheckCode, CheckRole } from '#libs/contracts/bus/checks.js';
import type { DiagnoseReply } from '#libs/contracts/bus/to-member/diagnose.js';
import type { CheckDto } from '#libs/contracts/http/diagnostics.js';
import type { SelectorVerdict, Topology } from '#libs/policy/model.js';
import type { Receiver } from '../delivery/receiver.js';

export interface AnsweredChecks {
  readonly checks: readonly CheckDto[];
  /** The policy check of a member that decides differently from the control plane; null: none does. */
  readonly disagreement: CheckDto | null;
}

/** The checks of one end, each once, as answered; unanswered ones are unknown. */
export function answeredChecks(
  { name }: Pick<Topology, 'name'>,
  asked: Receiver,
  role: CheckRole,
  codes: readonly CheckCode[],
  reply: DiagnoseReply | null,
  verdict: SelectorVerdict,
): AnsweredChecks {
  const who =
    asked.kind === 'agent' ? { agentId: asked.agentId, nodeId: null } : { agentId: null, nodeId: asked.nodeId };
  const effect = reply?.kind === 'checks' ? reply.effect : null;
  const checks = codes.map((code): CheckDto => {
    const answer = reply?.kind === 'checks' ? reply.checks.find((check) => check.code === code) : undefined;
    const missing = reply?.kind === 'checks' ? notKnown(code) : silence(asked);
    const decided = code === 'POLICY' ? effect : null;
    return { ...who, role, effect: decided, ...(answer ?? { code, status: 'unknown', ...missing }) };
  });
  const policy = checks.find(({ code }) => code === 'POLICY');
  if (effect === null || effect === verdict.effect || policy === undefined) return { checks, disagreement: null };
  const disagreement: CheckDto = {
    ...policy,
    status: 'fail',
    evidence: `${policy.evidence}; the control plane decides ${verdict.effect} at version ${verdict.version}`,
    remedy: `they hold different policies: see \`gstacks network status ${name}\``,
  };
  return { checks: checks.map((check) => (check === policy ? disagreement : check)), disagreement };
}

type Missing = Pick<CheckDto, 'evidence' | 'remedy'>;

function notKnown(code: string): Missing {
  return {
    evidence: `it answered, but runs an earlier release that does not know the check ${code}`,
    remedy: 'run the same GlobalStacks version there as at the control plane',
  };
}

function silence(asked: Receiver): Missing {
  if (asked.kind === 'agent') {
    const { agentId } = asked;
    return {
      evidence: `agent ${agentId} did not answer`,
      remedy: `see \`gstacks agent list\`, and whether the agent of ${agentId} runs`,
    };
  }
  return {
    evidence: `local node ${asked.nodeId} did not answer`,
    remedy: 'see `gstacks mesh status` on that machine: it may be asleep or without a network',
  };
}
