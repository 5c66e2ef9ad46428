import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Counter } from 'prom-client';
import { Occurrences } from '#libs/async/occurrences.js';
import type { Bus, BusSubscription } from '#libs/bus/bus.js';
import { parseAppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { ContactReply } from '#libs/contracts/bus/from-member/contact-reply.js';
import { parseHeartbeatMessage } from '#libs/contracts/bus/from-member/heartbeat.js';
import type { HelloMessage } from '#libs/contracts/bus/from-member/hello.js';
import { parseHelloMessage } from '#libs/contracts/bus/from-member/hello.js';
import { parseSyncMessage } from '#libs/contracts/bus/from-member/sync.js';
import { ProtocolUnsupportedError, parseMemberEnvelope, SERVED_PROTOCOLS } from '#libs/contracts/bus/protocol.js';
import {
  everyAgentSubject,
  everyLocalNodeSubject,
  FROM_LOCAL_NODE,
  type FromLocalNode,
} from '#libs/contracts/bus/subjects.js';
import { CodedError } from '#libs/contracts/errors.js';
import { Metrics } from '../foundation/metrics.js';
import { BUS, LOGGER, STORE_KEYS } from '../foundation/provided.js';
import type { StoreKeys } from '../foundation/store-keys.js';
import { Suspensions } from '../identity/suspensions.js';
import { AgentContacts } from '../presence/agent-contacts.js';
import { Inventories } from '../presence/inventories.js';
import { StoreEpoch } from '../record/store-epoch.js';
import { AgentMembers } from './agent-members.js';
import { LocalNodeMembers } from './local-node-members.js';
import type { Members } from './members.js';
import { PeerDirectory } from './peer-directory.js';
import { PUBLISHER_TERM } from './publisher-term.js';
import type { Receiver } from './receiver.js';

/** The messages that agents and local nodes have in common. */
type FromMember = FromLocalNode;
type Answer<R> = (member: R, message: unknown) => object | Promise<object>;

/** Answers the messages of agents and local nodes. */
@Injectable()
export class MemberListener {
  private readonly subscriptions: BusSubscription[] = [];
  private readonly messages: Counter<'message' | 'outcome'>;
  /** A member can cause as many refusals as it may send messages. */
  private readonly refusals = new Occurrences({
    toldEach: 5,
    periodMs: 60_000,
    summarise: (subject, count) =>
      this.logger.warn({ subject, count }, 'more messages of this agent or local node were refused in the last minute'),
  });

  constructor(
    private readonly agents: AgentMembers,
    private readonly localNodes: LocalNodeMembers,
    private readonly contacts: AgentContacts,
    private readonly inventories: Inventories,
    private readonly peers: PeerDirectory,
    private readonly epoch: StoreEpoch,
    private readonly suspensions: Suspensions,
    @Inject(STORE_KEYS) private readonly keys: StoreKeys,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.messages = metrics.counter(
      'gs_agent_messages_total',
      'Messages from agents and local nodes, by message and outcome',
      ['message', 'outcome'],
    );
  }

  start(): void {
    this.suspensions.onSuspended((member, { code, message }) => {
      if (member.kind === 'agent') this.contacts.refused(member.id, `${code}: ${message}`);
    });
    for (const message of FROM_LOCAL_NODE) {
      this.serve(everyAgentSubject(message), message, this.agents, this.answers(this.agents)[message]);
      this.serve(everyLocalNodeSubject(message), message, this.localNodes, this.answers(this.localNodes)[message]);
    }
    this.serve(everyAgentSubject('inventory'), 'inventory', this.agents, ({ agentId }, message) =>
      this.inventories.take(agentId, message),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.subscriptions.map((subscription) => subscription.close()));
    this.refusals.end();
  }

  private answers<R extends Receiver>(members: Members<R>): { readonly [message in FromMember]: Answer<R> } {
    return {
      hello: (member, message) => this.contact(members, member, parseHelloMessage(message), 'hello'),
      heartbeat: (member, message) => {
        const heartbeat = parseHeartbeatMessage(message);
        // Not awaited: contact is answered while the database is away.
        for (const acknowledgement of heartbeat.acknowledgements) members.appliedAgain(member, acknowledgement);
        return this.contact(members, member, heartbeat, 'heartbeat');
      },
      sync: (member, message) => members.sync(member, parseSyncMessage(message)),
      applied: (member, message) => members.applied(member, parseAppliedMessage(message)),
    };
  }

  private serve<R extends Receiver>(subjects: string, kind: string, members: Members<R>, answer: Answer<R>): void {
    const handle = async (message: unknown, subject: string): Promise<unknown> => {
      try {
        const member = members.senderOf(subject);
        const { protocol } = this.served(member, message);
        const reply = await answer(member, message);
        this.count(members, kind, 'taken');
        return { ...reply, protocol };
      } catch (error) {
        this.count(members, kind, 'refused');
        // For a refusal, the message is sufficient; any other error is a bug and is logged with everything known.
        const found = error instanceof CodedError ? { code: error.code, detail: error.message } : { err: error };
        if (this.refusals.add(subject))
          this.logger.warn({ ...found, subject }, 'a message of an agent or local node was refused');
        throw error;
      }
    };
    this.subscriptions.push(this.bus.serve(subjects, handle));
  }

  /**
   * Parses the protocol version of the message. Error: ProtocolUnsupportedError, which the agent's status then shows.
   */
  private served(member: Receiver, message: unknown): { readonly protocol: number } {
    try {
      return parseMemberEnvelope(message);
    } catch (error) {
      if (error instanceof ProtocolUnsupportedError && member.kind === 'agent') {
        const { agentId } = member;
        const reason = `${error.code}: ${agentId} was refused: ${error.message}; ${error.remedy}`;
        if (this.contacts.refused(agentId, reason)) this.logger.error({ agentId, code: error.code }, reason);
      }
      throw error;
    }
  }

  private contact<R extends Receiver>(
    members: Members<R>,
    member: R,
    message: HelloMessage,
    kind: 'hello' | 'heartbeat',
  ): ContactReply {
    members.contact(member, message, kind);
    const { revision, peers, localNodes } = this.peers.answerTo(member, message.peersRevision);
    return {
      protocol: message.protocol,
      serves: SERVED_PROTOCOLS,
      term: PUBLISHER_TERM,
      epoch: this.epoch.current,
      networks: members.networksOf(member),
      peersRevision: revision,
      peers,
      localNodes,
      keys: this.keys.trusted,
    };
  }

  /** Counts the messages of agents; the metric does not include local nodes. */
  private count<R extends Receiver>(members: Members<R>, message: string, outcome: 'taken' | 'refused'): void {
    if (members.kind === 'agent') this.messages.inc({ message, outcome });
  }
}
