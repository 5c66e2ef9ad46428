import { Inject, Injectable } from '@nestjs/common';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { FlowsReply, OpenFlows } from '#libs/contracts/bus/to-member/diagnose.js';
import type { NetworkFlowsDto, OpenFlowsDto, SilentAgentDto } from '#libs/contracts/http/flows.js';
import type { AgentId, NetworkId } from '#libs/contracts/ids.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import type { Topology } from '#libs/policy/model.js';
import { Questions } from '../delivery/questions.js';
import { agentReceiver } from '../delivery/receiver.js';
import { CLOCK, type Clock } from '../foundation/provided.js';
import type { NetworkRecord } from '../record/network-record.js';
import { NetworkStatuses } from './network-statuses.js';

/** Many pages that ask at once cost the agents one question. */
const KEPT_MS = 1_000;
const MOST_PAIRS = 5_000;

interface Kept {
  readonly at: number;
  readonly flows: Promise<NetworkFlowsDto>;
}

/** Which connections are open now, by the word of the agents that carry them. Who does not answer is named. */
@Injectable()
export class NetworkFlows {
  private readonly kept = new Map<NetworkId, Kept>();

  constructor(
    private readonly questions: Questions,
    private readonly statuses: NetworkStatuses,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  of(record: NetworkRecord): Promise<NetworkFlowsDto> {
    const { networkId } = record.topology;
    const at = this.clock().getTime();
    for (const [id, kept] of this.kept) if (Math.abs(at - kept.at) >= KEPT_MS) this.kept.delete(id);
    const known = this.kept.get(networkId);
    if (known !== undefined) return known.flows;
    const flows = this.ask(record);
    this.kept.set(networkId, { at, flows });
    return flows;
  }

  private async ask({ topology, participants }: NetworkRecord): Promise<NetworkFlowsDto> {
    const countedAt = this.clock().toISOString();
    const answers = await Promise.all(
      participants.map(async (agentId) => ({ agentId, reply: await this.askAgent(topology.networkId, agentId) })),
    );
    const notKnown = answers.flatMap(({ agentId, reply }): SilentAgentDto[] =>
      typeof reply === 'string' ? [{ agentId, reason: reply }] : [],
    );
    const replies = answers.flatMap(({ reply }) => (typeof reply === 'string' ? [] : reply));
    const silent = new Set(notKnown.map(({ agentId }) => agentId));
    const pairs = replies
      .flatMap((reply) => reply.pairs)
      .filter((flows) => counts(flows, topology, silent))
      .map((flows) => pairDto(flows, topology))
      .sort((one, other) => other.open - one.open);
    const leftOut = replies.reduce((sum, reply) => sum + reply.leftOut, Math.max(0, pairs.length - MOST_PAIRS));
    const total = pairs.reduce((sum, { open }) => sum + open, 0);
    return { network: topology.name, countedAt, total, pairs: pairs.slice(0, MOST_PAIRS), leftOut, notKnown };
  }

  /** Why its connections are not known, or what it carries. */
  private async askAgent(networkId: NetworkId, agentId: AgentId): Promise<FlowsReply | string> {
    const status = this.statuses.agentStatus(agentId);
    if (status !== 'ONLINE') return `it is ${status}`;
    const question = { protocol: BUS_PROTOCOL, kind: 'flows', networkId } as const;
    const reply = await this.questions.ask(agentReceiver(agentId), question);
    return reply?.kind === 'flows' ? reply : 'it does not answer, or is of an earlier release';
  }
}

/** Each flow once: the source's agent counts it, or else, when that is silent or no agent, the target's. */
function counts({ from, end }: OpenFlows, topology: Topology, silent: ReadonlySet<string>): boolean {
  if (end === 'source') return true;
  const agentId = agentOf(from, topology);
  return agentId === null || silent.has(agentId);
}

function pairDto({ end: _, ...flows }: OpenFlows, topology: Topology): OpenFlowsDto {
  const target = topology.aliases.get(flows.alias)?.sandboxId;
  const targetAgentId = target === undefined ? null : (topology.sandboxes.get(target)?.agentId ?? null);
  return { ...flows, sourceAgentId: agentOf(flows.from, topology), targetAgentId };
}

/** null: a developer's machine, or a sandbox that no agent of this network holds. */
function agentOf(from: string, topology: Topology): AgentId | null {
  const selector = parseSelector(from, 'from');
  return selector.kind === 'sandbox' ? (topology.sandboxes.get(selector.sandboxId)?.agentId ?? null) : null;
}
