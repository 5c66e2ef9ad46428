import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { DiagnoseReply } from '#libs/contracts/bus/to-member/diagnose.js';
import type { AgentId, NetworkId } from '#libs/contracts/ids.js';
import type { Questions } from '../delivery/questions.js';
import { agentReceiver } from '../delivery/receiver.js';
import type { Clock } from '../foundation/provided.js';
import type { NetworkRecord } from '../record/network-record.js';
import type { NetworkStatuses } from './network-statuses.js';

/** Concurrent requests of several pages share one question to the agents. */
const KEPT_MS = 1_000;

export interface AnswersPorts {
  readonly questions: Questions;
  readonly statuses: NetworkStatuses;
  readonly clock: Clock;
}

export interface ParticipantReplies<Reply> {
  readonly askedAt: Date;
  readonly replies: readonly { readonly agentId: AgentId; readonly reply: Reply }[];
  /** Agents without a usable answer, and why. */
  readonly notKnown: readonly { readonly agentId: AgentId; readonly reason: string }[];
}

type Kind = 'flows' | 'denied-names';
type ReplyTo<K extends Kind> = Extract<DiagnoseReply, { readonly kind: K }>;

/**
 * The participants' answers to one kind of question, at most a second old. Only their reports are kept: what the
 * current rules make of them is computed for each request.
 */
export class ParticipantAnswers<K extends Kind> {
  private readonly kept = new Map<
    NetworkId,
    { readonly atMs: number; readonly asked: Promise<ParticipantReplies<ReplyTo<K>>> }
  >();

  constructor(
    private readonly kind: K,
    private readonly ports: AnswersPorts,
  ) {}

  of(record: NetworkRecord): Promise<ParticipantReplies<ReplyTo<K>>> {
    const { networkId } = record.topology;
    const atMs = this.ports.clock().getTime();
    for (const [id, kept] of this.kept) if (Math.abs(atMs - kept.atMs) >= KEPT_MS) this.kept.delete(id);
    const known = this.kept.get(networkId);
    if (known !== undefined) return known.asked;
    const asked = this.ask(record);
    this.kept.set(networkId, { atMs, asked });
    return asked;
  }

  private async ask({ topology, participants }: NetworkRecord): Promise<ParticipantReplies<ReplyTo<K>>> {
    const askedAt = this.ports.clock();
    const answers = await Promise.all(
      participants.map(async (agentId) => ({ agentId, reply: await this.askAgent(topology.networkId, agentId) })),
    );
    return {
      askedAt,
      replies: answers.flatMap(({ agentId, reply }) => (typeof reply === 'string' ? [] : [{ agentId, reply }])),
      notKnown: answers.flatMap(({ agentId, reply }) =>
        typeof reply === 'string' ? [{ agentId, reason: reply }] : [],
      ),
    };
  }

  /** The reply, or why there is none. */
  private async askAgent(networkId: NetworkId, agentId: AgentId): Promise<ReplyTo<K> | string> {
    const status = this.ports.statuses.agentStatus(agentId);
    if (status !== 'ONLINE') return `it is ${status}`;
    const kind: Kind = this.kind;
    const reply = await this.ports.questions.ask(agentReceiver(agentId), { protocol: BUS_PROTOCOL, kind, networkId });
    return isOf(reply, this.kind) ? reply : 'it does not answer, or runs an earlier release';
  }
}

function isOf<K extends Kind>(reply: DiagnoseReply | null, kind: K): reply is ReplyTo<K> {
  return reply?.kind === kind;
}
