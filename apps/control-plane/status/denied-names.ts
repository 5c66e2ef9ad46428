import { Inject, Injectable } from '@nestjs/common';
import type { ReportedDenial } from '#libs/contracts/bus/to-member/denied-names.js';
import type { DeniedNameDto, DeniedNamesDto } from '#libs/contracts/http/denied-names.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { formatSelector } from '#libs/contracts/selectors.js';
import { allowedPorts, evaluateOutside } from '#libs/policy/evaluate-outside.js';
import type { Topology } from '#libs/policy/model.js';
import { policyRemedy } from '#libs/policy/remedies.js';
import { Questions } from '../delivery/questions.js';
import { CLOCK, type Clock } from '../foundation/provided.js';
import type { NetworkRecord } from '../record/network-record.js';
import { NetworkStatuses } from './network-statuses.js';
import { ParticipantAnswers } from './participant-answers.js';

const MOST_DENIALS = 5_000;
/** What a command that allows a name is for when nobody said for which port it was asked. */
const LIKELY_PORT = 443;

/** Which names outside sandboxes were lately refused, by the word of their agents. Who does not answer is named. */
@Injectable()
export class NetworkDeniedNames {
  private readonly answers: ParticipantAnswers<'denied-names'>;

  constructor(
    questions: Questions,
    statuses: NetworkStatuses,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.answers = new ParticipantAnswers('denied-names', { questions, statuses, clock });
  }

  async of(record: NetworkRecord): Promise<DeniedNamesDto> {
    const { topology } = record;
    const { askedAt, replies, notKnown } = await this.answers.of(record);
    const nowMs = this.clock().getTime();
    const found = replies
      .flatMap(({ agentId, reply }) => reply.denied.flatMap((denial) => describe(topology, agentId, denial, nowMs)))
      .sort((one, other) => other.count - one.count);
    return {
      network: topology.name,
      askedAt: askedAt.toISOString(),
      items: found.slice(0, MOST_DENIALS),
      leftOut: replies.reduce((sum, { reply }) => sum + reply.leftOut, Math.max(0, found.length - MOST_DENIALS)),
      notKnown: [...notKnown],
    };
  }
}

/** Nothing of a sandbox that the agent does not hold: an agent speaks of its own sandboxes alone. */
function describe(
  topology: Topology,
  agentId: AgentId,
  denial: ReportedDenial,
  nowMs: number,
): readonly DeniedNameDto[] {
  const { sandboxId, name } = denial;
  if (topology.sandboxes.get(sandboxId)?.agentId !== agentId) return [];
  const from = selectorFor(topology, denial);
  const port = denial.port ?? allowedPorts(topology, sandboxId, name, nowMs)[0] ?? LIKELY_PORT;
  const verdict = evaluateOutside(topology, { sandboxId, name, port }, nowMs);
  const isForbidden = denial.reason === 'TARGET_FORBIDDEN';
  const allowedNow = verdict.effect === 'allow' && (!isForbidden || verdict.mayBePrivate);
  const remedy =
    isForbidden && verdict.effect === 'allow' && !allowedNow
      ? `gstacks network egress allow ${topology.name} --from ${from} --to ${name}:${port} --private`
      : policyRemedy(topology, { from, alias: name, port }, verdict);
  const deniedBy = verdict.reason === 'EXPLICIT_DENY' ? verdict.ruleId : null;
  return [{ ...denial, agentId, from, deniedBy, allowedNow, remedy }];
}

function selectorFor(topology: Topology, { sandboxId }: ReportedDenial): string {
  const alias = [...topology.aliases.values()].find((record) => record.sandboxId === sandboxId)?.alias;
  return alias ?? formatSelector({ kind: 'sandbox', sandboxId });
}
