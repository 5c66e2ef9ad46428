import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Bus, BusSubscription } from '#libs/bus/bus.js';
import { parseAppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { ContactReply } from '#libs/contracts/bus/from-member/contact-reply.js';
import { parseHeartbeatMessage } from '#libs/contracts/bus/from-member/heartbeat.js';
import type { HelloMessage } from '#libs/contracts/bus/from-member/hello.js';
import { parseHelloMessage } from '#libs/contracts/bus/from-member/hello.js';
import { parseSyncMessage } from '#libs/contracts/bus/from-member/sync.js';
import type { NetworkVersion } from '#libs/contracts/bus/network-version.js';
import { BUS_PROTOCOL, parseMemberEnvelope, SERVED_PROTOCOLS } from '#libs/contracts/bus/protocol.js';
import type { Receipt } from '#libs/contracts/bus/receipt.js';
import { everyLocalNodeSubject, type FromLocalNode, localNodeOfSubject } from '#libs/contracts/bus/subjects.js';
import { CodedError } from '#libs/contracts/errors.js';
import { parseLocalNodeId } from '#libs/contracts/ids.js';
import type { LocalNodeState } from '#libs/domain/local-node/state.js';
import { compileForLocalNode } from '#libs/policy/compile-local.js';
import type { Topology } from '#libs/policy/model.js';
import { snapshotHash } from '#libs/policy/snapshot-digest.js';
import { snapshotHashOfProtocol1 } from '#libs/policy/snapshot-text.js';
import { BUS, LOGGER } from '../foundation/provided.js';
import { LocalNodeContacts } from '../presence/local-node-contacts.js';
import { Directory } from '../record/directory.js';
import { StoreEpoch } from '../record/store-epoch.js';
import { LocalNodePublisher } from './local-node-publisher.js';
import { PUBLISHER_TERM } from './publisher-term.js';

type NetworkClaim = Pick<NetworkVersion, 'networkId' | 'epoch' | 'version' | 'hash'>;

function presentVersion({ networkId, user }: LocalNodeState, topology: Topology): ContactReply['networks'][number] {
  return { networkId, version: topology.version, hash: snapshotHash(compileForLocalNode(topology, user)) };
}

/** Messages of a node that did not join, or is out again. */
class LocalNodeUnknownError extends CodedError {}

const ACCEPTED: Receipt = { protocol: BUS_PROTOCOL, ok: true, code: null, message: null };

/** Answers what local nodes send. The node is the one of the subject: the server lets each publish under its own alone. */
@Injectable()
export class LocalNodeListener {
  private readonly served: BusSubscription[] = [];

  constructor(
    private readonly directory: Directory,
    private readonly contacts: LocalNodeContacts,
    private readonly publisher: LocalNodePublisher,
    private readonly epoch: StoreEpoch,
    @Inject(BUS) private readonly bus: Bus,
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
    this.serve('applied', (node, message) => {
      const applied = parseAppliedMessage(message);
      const isTaken = applied.outcome === 'applied' && this.isHeld(node, { ...applied, version: applied.to });
      if (isTaken) this.contacts.applied(node.nodeId, applied.to);
      return ACCEPTED;
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.served.map((subscription) => subscription.close()));
  }

  private serve(kind: FromLocalNode, answer: (node: LocalNodeState, message: unknown) => object): void {
    const handle = async (message: unknown, subject: string): Promise<unknown> => {
      try {
        const node = this.joinedNode(subject);
        const { protocol } = parseMemberEnvelope(message);
        return { ...answer(node, message), protocol };
      } catch (error) {
        const code = error instanceof CodedError ? error.code : 'INTERNAL';
        this.logger.warn({ err: error, subject, code }, 'message of a local node refused');
        throw error;
      }
    };
    this.served.push(this.bus.serve(everyLocalNodeSubject(kind), handle));
  }

  /** Of the present version number and hash have to be right; earlier ones are on their way to it. */
  private isHeld({ networkId, user }: LocalNodeState, claim: NetworkClaim): boolean {
    const topology = this.directory.network(networkId)?.topology;
    if (topology === undefined || claim.networkId !== networkId) return false;
    if (claim.epoch.id !== this.epoch.current.id || claim.version > topology.version) return false;
    if (claim.version < topology.version) return true;
    const snapshot = compileForLocalNode(topology, user);
    return claim.hash === snapshotHash(snapshot) || claim.hash === snapshotHashOfProtocol1(snapshot);
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
    const topology = this.directory.network(node.networkId)?.topology;
    const held = message.networks[0];
    const isHeld = held !== undefined && this.isHeld(node, held);
    this.contacts.heard(node.nodeId, message, isHeld ? held.version : null);
    if (!isHeld || held.version !== topology?.version) this.publisher.offerIfIdle(node);
    return {
      protocol: message.protocol,
      serves: SERVED_PROTOCOLS,
      term: PUBLISHER_TERM,
      epoch: this.epoch.current,
      networks: topology === undefined ? [] : [presentVersion(node, topology)],
      peersRevision: 0,
      peers: this.publisher.peersOf(node),
      localNodes: [],
    };
  }
}
