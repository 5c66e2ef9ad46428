import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Counter } from 'prom-client';
import type { Bus, BusSubscription } from '#libs/bus/bus.js';
import { parseAppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { ContactReply } from '#libs/contracts/bus/from-member/contact-reply.js';
import { parseHeartbeatMessage } from '#libs/contracts/bus/from-member/heartbeat.js';
import type { HelloMessage } from '#libs/contracts/bus/from-member/hello.js';
import { parseHelloMessage } from '#libs/contracts/bus/from-member/hello.js';
import { parseInventoryMessage } from '#libs/contracts/bus/from-member/inventory.js';
import { parseSyncMessage } from '#libs/contracts/bus/from-member/sync.js';
import {
  BUS_PROTOCOL,
  ProtocolUnsupportedError,
  parseMemberEnvelope,
  SERVED_PROTOCOLS,
} from '#libs/contracts/bus/protocol.js';
import type { Receipt } from '#libs/contracts/bus/receipt.js';
import { agentOfSubject, everyAgentSubject, type FromAgent } from '#libs/contracts/bus/subjects.js';
import { CodedError } from '#libs/contracts/errors.js';
import { type AgentId, type NetworkId, parseAgentId } from '#libs/contracts/ids.js';
import { Acknowledgements } from '../applied/acknowledgements.js';
import { Metrics } from '../foundation/metrics.js';
import { BUS, LOGGER } from '../foundation/provided.js';
import { AgentContacts } from '../presence/agent-contacts.js';
import { Inventories } from '../presence/inventories.js';
import { currentHash } from '../record/current-hash.js';
import { Directory } from '../record/directory.js';
import { ExpectedHashes } from '../record/expected-hashes.js';
import { StoreEpoch } from '../record/store-epoch.js';
import { PeerDirectory } from './peer-directory.js';
import { PUBLISHER_TERM } from './publisher-term.js';
import { TopologyPublisher } from './topology-publisher.js';

/** Messages of an agent that is not enrolled, or was revoked. */
class AgentUnknownError extends CodedError {}

const ACCEPTED: Receipt = { protocol: BUS_PROTOCOL, ok: true, code: null, message: null };

/** Answers what agents send. The agent is the one of the subject: the server lets each publish under its own alone. */
@Injectable()
export class AgentListener {
  private readonly subscriptions: BusSubscription[] = [];
  private readonly messages: Counter<'message' | 'outcome'>;

  constructor(
    private readonly directory: Directory,
    private readonly contacts: AgentContacts,
    private readonly peers: PeerDirectory,
    private readonly publisher: TopologyPublisher,
    private readonly acknowledgements: Acknowledgements,
    private readonly inventories: Inventories,
    private readonly hashes: ExpectedHashes,
    private readonly epoch: StoreEpoch,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.messages = metrics.counter('gs_agent_messages_total', 'Messages from agents', ['message', 'outcome']);
  }

  start(): void {
    this.serve('hello', async (agentId, message) => this.contact(agentId, parseHelloMessage(message)));
    this.serve('heartbeat', async (agentId, message) => {
      const heartbeat = parseHeartbeatMessage(message);
      // Not waited for: contact is answered while the database is away.
      for (const acknowledgement of heartbeat.acknowledgements) this.acknowledgements.repeat(agentId, acknowledgement);
      return this.contact(agentId, heartbeat);
    });
    this.serve('sync', async (agentId, message) => {
      const { networkId } = parseSyncMessage(message);
      if (this.directory.network(networkId) === null) {
        return { ...ACCEPTED, ok: false, code: 'NETWORK_NOT_FOUND', message: 'there is no such network' };
      }
      this.publisher.offer(networkId, agentId);
      return ACCEPTED;
    });
    this.serve('applied', async (agentId, message) => {
      return this.acknowledgements.take(agentId, parseAppliedMessage(message));
    });
    this.serve('inventory', (agentId, message) => this.inventories.take(agentId, parseInventoryMessage(message)));
  }

  async close(): Promise<void> {
    await Promise.all(this.subscriptions.map((subscription) => subscription.close()));
  }

  private serve(kind: FromAgent, answer: (agentId: AgentId, message: unknown) => Promise<object>): void {
    const handle = async (message: unknown, subject: string): Promise<unknown> => {
      try {
        const agentId = this.enrolledAgent(subject);
        const { protocol } = this.served(agentId, message);
        const reply = await answer(agentId, message);
        this.messages.inc({ message: kind, outcome: 'taken' });
        return { ...reply, protocol };
      } catch (error) {
        this.messages.inc({ message: kind, outcome: 'refused' });
        // Of a refusal the words are enough; anything else is ours, with all that is known.
        const found = error instanceof CodedError ? { code: error.code, detail: error.message } : { err: error };
        this.logger.warn({ ...found, subject }, 'message of an agent refused');
        throw error;
      }
    };
    this.subscriptions.push(this.bus.serve(everyAgentSubject(kind), handle));
  }

  /** What the message speaks. Error: ProtocolUnsupportedError, which the agent's status then shows. */
  private served(agentId: AgentId, message: unknown): { readonly protocol: number } {
    try {
      return parseMemberEnvelope(message);
    } catch (error) {
      if (error instanceof ProtocolUnsupportedError) {
        const reason = `${error.code}: ${agentId} was refused: ${error.message}; ${error.remedy}`;
        if (this.contacts.refused(agentId, reason)) this.logger.error({ agentId, code: error.code }, reason);
      }
      throw error;
    }
  }

  private enrolledAgent(subject: string): AgentId {
    const agentId = parseAgentId(agentOfSubject(subject), 'subject');
    const agent = this.directory.agent(agentId);
    if (agent === null) throw new AgentUnknownError('AGENT_UNKNOWN', `agent ${agentId} is not enrolled`);
    if (agent.state.status === 'revoked') throw new AgentUnknownError('AGENT_REVOKED', `agent ${agentId} is revoked`);
    return agentId;
  }

  private contact(agentId: AgentId, message: HelloMessage): ContactReply {
    const unknown = this.lookUpUnknown(agentId, message);
    const endpoints = JSON.stringify(this.contacts.of(agentId)?.mesh.endpoints ?? []);
    const returned = this.contacts.heard(agentId, message);
    if (JSON.stringify(message.mesh.endpoints) !== endpoints) this.peers.endpointsChanged(agentId);
    if (returned) this.publisher.hasten(agentId);
    const doubted = new Set<NetworkId>();
    for (const held of message.networks) {
      if (unknown.has(held.networkId)) continue;
      if (this.acknowledgements.check(agentId, held, message.protocol) !== null) doubted.add(held.networkId);
    }

    const current = this.directory.networksOfAgent(agentId);
    const heldVersions = new Map(message.networks.map((held) => [held.networkId, held]));
    for (const { topology } of current) {
      const { networkId, version } = topology;
      const held = heldVersions.get(networkId);
      const isCurrent =
        held?.version === version &&
        held.epoch.id === this.epoch.current.id &&
        this.hashes.remembered(networkId)(agentId, version, held.hash) === true;
      if (!isCurrent) this.publisher.offerIfIdle(networkId, agentId);
    }
    const currentIds = new Set(current.map(({ topology }) => topology.networkId));
    for (const { networkId, epoch } of message.networks) {
      if (currentIds.has(networkId) || doubted.has(networkId)) continue;
      if (this.directory.network(networkId) !== null) this.publisher.offerIfIdle(networkId, agentId);
      else if (epoch.counter < this.epoch.current.counter) this.publisher.release(networkId, agentId);
    }
    const { revision, peers, localNodes } = this.peers.listOf(agentId);
    return {
      protocol: message.protocol,
      serves: SERVED_PROTOCOLS,
      term: PUBLISHER_TERM,
      epoch: this.epoch.current,
      networks: current.map((record) => ({
        networkId: record.topology.networkId,
        version: record.topology.version,
        hash: currentHash(record, agentId),
      })),
      peersRevision: revision,
      peers,
      localNodes,
    };
  }

  /**
   * Versions that an agent holds and a replay passed over: the log is read for their hashes, and nothing is sent for
   * those networks until they are compared. After a restore the store may have gone past what the agent holds.
   */
  private lookUpUnknown(agentId: AgentId, { networks, protocol }: HelloMessage): ReadonlySet<NetworkId> {
    const unknown = networks.filter(
      ({ networkId, version, epoch }) => epoch.id === this.epoch.current.id && !this.hashes.isKnown(networkId, version),
    );
    for (const held of unknown) {
      const { networkId, version } = held;
      this.publisher.holdBack(networkId, agentId);
      this.hashes.learn(networkId, version).then(
        () => {
          this.acknowledgements.check(agentId, held, protocol);
          this.publisher.goOn(networkId, agentId);
        },
        (error: unknown) =>
          this.logger.warn({ err: error, agentId, networkId, version }, 'what the agent holds is not compared yet'),
      );
    }
    return new Set(unknown.map(({ networkId }) => networkId));
  }
}
