import { CHECK_CODES, type DiagnoseReply } from '#libs/contracts/bus-messages.js';
import type { CheckDto } from '#libs/contracts/http/diagnostics.js';
import type { Asked } from '../delivery/questions.js';

/** Each check once, as it was answered; of what was not answered nothing is known. */
export function answeredChecks(asked: Asked, reply: DiagnoseReply | null): readonly CheckDto[] {
  const who =
    asked.kind === 'agent' ? { agentId: asked.agentId, nodeId: null } : { agentId: null, nodeId: asked.nodeId };
  return CHECK_CODES.map((code) => {
    const answer = reply?.kind === 'checks' ? reply.checks.find((check) => check.code === code) : undefined;
    return { ...who, ...(answer ?? { code, status: 'unknown', ...silence(asked) }) };
  });
}

function silence(asked: Asked): Pick<CheckDto, 'evidence' | 'remedy'> {
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
