import { Injectable } from '@nestjs/common';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { ContactReply } from '#libs/contracts/bus/from-member/contact-reply.js';
import type { HelloMessage } from '#libs/contracts/bus/from-member/hello.js';
import type { NetworkVersion } from '#libs/contracts/bus/network-version.js';
import type { Receipt } from '#libs/contracts/bus/receipt.js';
import { localNodeOfSubject } from '#libs/contracts/bus/subjects.js';
import { parseLocalNodeId } from '#libs/contracts/ids.js';
import { snapshotHashOfProtocol1 } from '#libs/policy/snapshot-text.js';
import { LocalNodeContacts } from '../presence/local-node-contacts.js';
import { Directory } from '../record/directory.js';
import type { NetworkRecord } from '../record/network-record.js';
import { StoreEpoch } from '../record/store-epoch.js';
import { ACCEPTED, type Members, MemberUnknownError } from './members.js';
import { compileFor, hashFor, type LocalNodeReceiver, localNodeReceiver } from './receiver.js';
import { TopologyPublisher } from './topology-publisher.js';

type NetworkClaim = Pick<NetworkVersion, 'networkId' | 'epoch' | 'version' | 'hash'>;

/** Handles local nodes. Each holds one network, and `--wait` does not wait for its acknowledgements. */
@Injectable()
export class LocalNodeMembers implements Members<LocalNodeReceiver> {
  readonly kind = 'local-node';

  constructor(
    private readonly directory: Directory,
    private readonly contacts: LocalNodeContacts,
    private readonly publisher: TopologyPublisher,
    private readonly epoch: StoreEpoch,
  ) {}

  senderOf(subject: string): LocalNodeReceiver {
    const nodeId = parseLocalNodeId(localNodeOfSubject(subject), 'subject');
    const node = this.directory.localNode(nodeId)?.state;
    if (node === undefined) throw new MemberUnknownError('LOCAL_NODE_NOT_FOUND', `there is no local node ${nodeId}`);
    if (node.status === 'joined') return localNodeReceiver(node);
    throw new MemberUnknownError(`LOCAL_NODE_${node.status.toUpperCase()}`, `local node ${nodeId} is ${node.status}`);
  }

  contact(node: LocalNodeReceiver, message: HelloMessage, kind: 'hello' | 'heartbeat'): void {
    if (kind === 'hello') this.publisher.hasten(node);
    const network = this.networkOf(node);
    const held = message.networks[0];
    const isHeld = held !== undefined && this.isHeld(node, held);
    this.contacts.heard(node.nodeId, message, isHeld ? held.version : null);
    if (network === null || (isHeld && held.version === network.topology.version)) return;
    this.publisher.offerIfIdle(network.topology.networkId, node);
  }

  networksOf(node: LocalNodeReceiver): ContactReply['networks'] {
    const network = this.networkOf(node);
    if (network === null) return [];
    const { networkId, version } = network.topology;
    return [{ networkId, version, hash: hashFor(node, network) }];
  }

  async applied(node: LocalNodeReceiver, message: AppliedMessage): Promise<Receipt> {
    const isTaken = message.outcome === 'applied' && this.isHeld(node, { ...message, version: message.to });
    if (isTaken) this.contacts.applied(node.nodeId, message.to);
    return ACCEPTED;
  }

  appliedAgain(): void {
    // Heartbeats also name the version that the node holds.
  }

  sync(node: LocalNodeReceiver): Receipt {
    const network = this.networkOf(node);
    if (network !== null) this.publisher.offer(network.topology.networkId, node);
    return ACCEPTED;
  }

  private networkOf({ nodeId }: LocalNodeReceiver): NetworkRecord | null {
    const node = this.directory.localNode(nodeId)?.state;
    return node === undefined ? null : this.directory.network(node.networkId);
  }

  /** For the current version, the hash has to match; a node with an earlier version is still catching up. */
  private isHeld(node: LocalNodeReceiver, claim: NetworkClaim): boolean {
    const network = this.networkOf(node);
    if (network === null || claim.networkId !== network.topology.networkId) return false;
    const { version } = network.topology;
    if (claim.epoch.id !== this.epoch.current.id || claim.version > version) return false;
    if (claim.version < version || claim.hash === hashFor(node, network)) return true;
    return claim.hash === snapshotHashOfProtocol1(compileFor(node, network.topology));
  }
}
