import { Inject, Injectable } from '@nestjs/common';
import type { OpenFlows } from '#libs/contracts/bus/to-member/diagnose.js';
import type { NetworkFlowsDto, OpenFlowsDto } from '#libs/contracts/http/flows.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { isOutsideName } from '#libs/contracts/outside-names.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import type { Topology } from '#libs/policy/model.js';
import { Questions } from '../delivery/questions.js';
import { CLOCK, type Clock } from '../foundation/provided.js';
import type { NetworkRecord } from '../record/network-record.js';
import { NetworkStatuses } from './network-statuses.js';
import { ParticipantAnswers } from './participant-answers.js';

const MOST_PAIRS = 5_000;

/** The open connections, as the agents that carry them report. Agents that do not answer are named. */
@Injectable()
export class NetworkFlows {
  private readonly answers: ParticipantAnswers<'flows'>;

  constructor(questions: Questions, statuses: NetworkStatuses, @Inject(CLOCK) clock: Clock) {
    this.answers = new ParticipantAnswers('flows', { questions, statuses, clock });
  }

  async of(record: NetworkRecord): Promise<NetworkFlowsDto> {
    const { topology } = record;
    const { askedAt, replies, notKnown } = await this.answers.of(record);
    const silent = new Set(notKnown.map(({ agentId }) => agentId));
    const pairs = replies
      .flatMap(({ reply }) => reply.pairs)
      .filter((flows) => counts(flows, topology, silent))
      .map((flows) => pairDto(flows, topology))
      .sort((one, other) => other.open - one.open);
    return {
      network: topology.name,
      countedAt: askedAt.toISOString(),
      total: pairs.reduce((sum, { open }) => sum + open, 0),
      pairs: pairs.slice(0, MOST_PAIRS),
      leftOut: replies.reduce((sum, { reply }) => sum + reply.leftOut, Math.max(0, pairs.length - MOST_PAIRS)),
      notKnown: [...notKnown],
    };
  }
}

/**
 * Each flow counts once: as reported by the source's agent, or by the target's if the former is silent or does not
 * exist.
 */
function counts({ from, end }: OpenFlows, topology: Topology, silent: ReadonlySet<string>): boolean {
  if (end === 'source') return true;
  const agentId = agentOf(from, topology);
  return agentId === null || silent.has(agentId);
}

function pairDto({ end: _, ...flows }: OpenFlows, topology: Topology): OpenFlowsDto {
  const target = isOutsideName(flows.alias) ? undefined : topology.aliases.get(flows.alias)?.sandboxId;
  const targetAgentId = target === undefined ? null : (topology.sandboxes.get(target)?.agentId ?? null);
  return { ...flows, sourceAgentId: agentOf(flows.from, topology), targetAgentId };
}

/** null: a developer's machine, or a sandbox without an agent in this network. */
function agentOf(from: string, topology: Topology): AgentId | null {
  const selector = parseSelector(from, 'from');
  return selector.kind === 'sandbox' ? (topology.sandboxes.get(selector.sandboxId)?.agentId ?? null) : null;
}
