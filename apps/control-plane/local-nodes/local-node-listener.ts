import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Bus, BusSubscription } from '#libs/bus/bus.js';
import {
  type Acknowledgement,
  BUS_PROTOCOL,
  type ContactReply,
  type Epoch,
  type HelloMessage,
} from '#libs/contracts/bus-messages.js';
import {
  parseAppliedMessage,
  parseHeartbeatMessage,
  parseHelloMessage,
  parseSyncMessage,
} from '#libs/contracts/control-plane-messages.js';
import { CodedError } from '#libs/contracts/errors.js';
import { parseLocalNodeId } from '#libs/contracts/ids.js';
import { everyLocalNodeSubject, type FromLocalNode, localNodeOfSubject } from '#libs/contracts/subjects.js';
import type { LocalNodeState } from '#libs/domain/local-node/state.js';
import { BUS, LOGGER, STORE_EPOCH } from '../provided.js';
import { Directory } from '../topology/directory.js';
import { PUBLISHER_TERM } from '../topology/publisher-term.js';
import { LocalNodeContacts } from './local-node-contacts.js';
import { LocalNodePublisher } from './local-node-publisher.js';

/** Messages of a node that did not join, or is out again. */
class LocalNodeUnknownError extends CodedError {}

const ACCEPTED: Acknowledgement = { protocol: BUS_PROTOCOL, ok: true, code: null, message: null };

/** Answers what local nodes send. The node is the one of the subject: the server lets each publish under its own alone. */
@Injectable()
export class LocalNodeListener {
  private readonly served: BusSubscription[] = [];

  constructor(
    private readonly directory: Directory,
    private readonly contacts: LocalNodeContacts,
    private readonly publisher: LocalNodePublisher,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(STORE_EPOCH) private readonly epoch: Epoch,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  start(): void {
    this.serve('hello', (node, message) => {
      this.publisher.hasten(node.nodeId);
      return this.contact(node, parseHelloMessage(message));
    });
    this.serve('heartbeat', (node, message) => this.contact(node, parseHeartbeatMessage(message)));
    this.serve('sync', (node, message) => {
      parseSyncMessage(message);
      this.publisher.offer(node);
      return ACCEPTED;
    });
    this.serve('applied', ({ nodeId, networkId }, message) => {
      const applied = parseAppliedMessage(message);
      if (applied.networkId === networkId && applied.outcome === 'applied') this.contacts.applied(nodeId, applied.to);
      return ACCEPTED;
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.served.map((subscription) => subscription.close()));
  }

  private serve(kind: FromLocalNode, answer: (node: LocalNodeState, message: unknown) => unknown): void {
    const handle = async (message: unknown, subject: string): Promise<unknown> => {
      try {
        return answer(this.joinedNode(subject), message);
      } catch (error) {
        const code = error instanceof CodedError ? error.code : 'INTERNAL';
        this.logger.warn({ err: error, subject, code }, 'message of a local node refused');
        throw error;
      }
    };
    this.served.push(this.bus.serve(everyLocalNodeSubject(kind), handle));
  }

  private joinedNode(subject: string): LocalNodeState {
    const nodeId = parseLocalNodeId(localNodeOfSubject(subject), 'subject');
    const node = this.directory.localNode(nodeId)?.state;
    if (node === undefined) throw new LocalNodeUnknownError('LOCAL_NODE_NOT_FOUND', `there is no local node ${nodeId}`);
    if (node.status === 'joined') return node;
    throw new LocalNodeUnknownError(
      `LOCAL_NODE_${node.status.toUpperCase()}`,
      `local node ${nodeId} is ${node.status}`,
    );
  }

  private contact(node: LocalNodeState, message: HelloMessage): ContactReply {
    this.contacts.heard(node.nodeId, message);
    const topology = this.directory.network(node.networkId)?.topology;
    const held = message.networks[0];
    if (held?.version !== topology?.version || held?.epoch.id !== this.epoch.id) this.publisher.offerIfIdle(node);
    return {
      protocol: BUS_PROTOCOL,
      term: PUBLISHER_TERM,
      epoch: this.epoch,
      networks: topology === undefined ? [] : [{ networkId: node.networkId, version: topology.version }],
      peersRevision: 0,
      peers: this.publisher.peersOf(node),
      localNodes: [],
    };
  }
}
