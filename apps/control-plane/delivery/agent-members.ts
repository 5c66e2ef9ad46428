import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { ContactReply } from '#libs/contracts/bus/from-member/contact-reply.js';
import type { HelloMessage } from '#libs/contracts/bus/from-member/hello.js';
import type { SyncMessage } from '#libs/contracts/bus/from-member/sync.js';
import type { NetworkVersion } from '#libs/contracts/bus/network-version.js';
import type { Receipt } from '#libs/contracts/bus/receipt.js';
import { agentOfSubject } from '#libs/contracts/bus/subjects.js';
import { type NetworkId, parseAgentId } from '#libs/contracts/ids.js';
import { Acknowledgements } from '../applied/acknowledgements.js';
import { MemberIntake } from '../foundation/member-intake.js';
import { LOGGER, SETTINGS } from '../foundation/provided.js';
import type { ControlPlaneSettings } from '../foundation/settings.js';
import { AgentContacts } from '../presence/agent-contacts.js';
import { WaitingClaims } from '../presence/waiting-claims.js';
import { Directory } from '../record/directory.js';
import { ExpectedHashes } from '../record/expected-hashes.js';
import { StoreEpoch } from '../record/store-epoch.js';
import { ACCEPTED, type Members, MemberUnknownError } from './members.js';
import { PeerDirectory } from './peer-directory.js';
import { type AgentReceiver, agentReceiver, hashFor, nameOf } from './receiver.js';
import { TopologyPublisher } from './topology-publisher.js';

/** Handles agents: checks the versions that they claim to hold, and records their acknowledgements. */
@Injectable()
export class AgentMembers implements Members<AgentReceiver> {
  readonly kind = 'agent';
  /** Pairs of agent and network. */
  private readonly reading = new Set<string>();

  constructor(
    private readonly directory: Directory,
    private readonly contacts: AgentContacts,
    private readonly claims: WaitingClaims,
    private readonly peers: PeerDirectory,
    private readonly publisher: TopologyPublisher,
    private readonly acknowledgements: Acknowledgements,
    private readonly hashes: ExpectedHashes,
    private readonly epoch: StoreEpoch,
    private readonly intake: MemberIntake,
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  senderOf(subject: string): AgentReceiver {
    const agentId = parseAgentId(agentOfSubject(subject), 'subject');
    const agent = this.directory.agent(agentId);
    if (agent === null) throw new MemberUnknownError('AGENT_UNKNOWN', `agent ${agentId} is not enrolled`);
    if (agent.state.status === 'revoked') throw new MemberUnknownError('AGENT_REVOKED', `agent ${agentId} is revoked`);
    return agentReceiver(agentId);
  }

  contact(agent: AgentReceiver, hello: HelloMessage, kind: 'hello' | 'heartbeat'): void {
    const { agentId } = agent;
    const message = { ...hello, networks: this.worthALook(agent, hello.networks) };
    const unknown = this.lookUpUnknown(agent, message);
    const endpoints = JSON.stringify(this.contacts.of(agentId)?.mesh.endpoints ?? []);
    const returned = this.contacts.heard(agentId, message);
    if (JSON.stringify(message.mesh.endpoints) !== endpoints) this.peers.endpointsChanged(agentId);
    // It has a new connection: what was sent before may be lost, and the next attempt seconds away.
    if (returned || kind === 'hello') this.publisher.hasten(agent);
    if (returned) this.claims.agentReturned(agentId);
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
      if (isCurrent) this.publisher.holdsCurrent(networkId, agent);
      else this.publisher.offerIfIdle(networkId, agent);
    }
    const currentIds = new Set(current.map(({ topology }) => topology.networkId));
    for (const { networkId, epoch } of message.networks) {
      if (currentIds.has(networkId) || doubted.has(networkId)) continue;
      if (this.directory.network(networkId) !== null) this.publisher.offerIfIdle(networkId, agent);
      else if (epoch.counter < this.epoch.current.counter) this.publisher.release(networkId, agent);
    }
  }

  networksOf(agent: AgentReceiver): ContactReply['networks'] {
    return this.directory.networksOfAgent(agent.agentId).map((record) => {
      const { networkId, version } = record.topology;
      return { networkId, version, hash: hashFor(agent, record) };
    });
  }

  applied({ agentId }: AgentReceiver, message: AppliedMessage): Promise<Receipt> {
    return this.acknowledgements.take(agentId, message);
  }

  appliedAgain({ agentId }: AgentReceiver, message: AppliedMessage): void {
    this.acknowledgements.repeat(agentId, message);
  }

  sync(agent: AgentReceiver, { networkId, have }: SyncMessage): Receipt {
    if (this.directory.network(networkId) === null) {
      return { ...ACCEPTED, ok: false, code: 'NETWORK_NOT_FOUND', message: 'there is no such network' };
    }
    this.publisher.sync(networkId, agent, have);
    return ACCEPTED;
  }

  /**
   * For versions whose hashes a replay did not compute, the log is read, and nothing is sent for those networks until
   * they are compared. After a restore, the store may have gone past what the agent holds.
   */
  private lookUpUnknown(agent: AgentReceiver, { networks, protocol }: HelloMessage): ReadonlySet<NetworkId> {
    const { agentId } = agent;
    const unknown = networks.filter(
      ({ networkId, version, epoch }) =>
        epoch.id === this.epoch.current.id &&
        this.acknowledgements.isMember(agentId, networkId) &&
        !this.hashes.isKnown(networkId, version),
    );
    const networkIds = new Set(unknown.map(({ networkId }) => networkId));
    this.publisher.holdBack(networkIds, agent);
    for (const held of unknown) void this.lookUp(agent, held, protocol);
    return networkIds;
  }

  /** One read of the log at a time for each agent and network; the next heartbeat repeats what is still unknown. */
  private async lookUp(agent: AgentReceiver, held: NetworkVersion, protocol: number): Promise<void> {
    const { agentId } = agent;
    const { networkId, version } = held;
    const reading = `${agentId}/${networkId}`;
    if (this.reading.has(reading)) return;
    this.reading.add(reading);
    try {
      await this.hashes.learn(networkId, version);
      this.acknowledgements.check(agentId, held, protocol);
      this.publisher.goOn(networkId, agent);
    } catch (error) {
      this.logger.warn(
        { err: error, agentId, networkId, version },
        'the version that the agent holds could not be compared with the log; it is tried again at the next heartbeat',
      );
    } finally {
      this.reading.delete(reading);
    }
  }

  /**
   * The networks to examine, without duplicates: those in which the agent takes part or once did, and a limited number
   * of others. After a restore, what it holds of these may be their only trace; further ones are examined later.
   */
  private worthALook(agent: AgentReceiver, networks: readonly NetworkVersion[]): readonly NetworkVersion[] {
    const most = this.settings.memberBounds.networks;
    const looked = new Map<NetworkId, NetworkVersion>();
    let strangers = 0;
    let over = 0;
    for (const held of networks) {
      if (looked.has(held.networkId)) continue;
      if (!this.acknowledgements.isMember(agent.agentId, held.networkId)) {
        if (strangers >= most) {
          over += 1;
          continue;
        }
        strangers += 1;
      }
      looked.set(held.networkId, held);
    }
    if (over > 0) this.intake.count(nameOf(agent), 'networks', over);
    return [...looked.values()];
  }
}
