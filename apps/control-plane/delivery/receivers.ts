import { Injectable } from '@nestjs/common';
import type { NetworkId } from '#libs/contracts/ids.js';
import { Regressions } from '../applied/regressions.js';
import { AgentContacts } from '../presence/agent-contacts.js';
import { LocalNodeContacts } from '../presence/local-node-contacts.js';
import { Directory } from '../record/directory.js';
import { agentsConcerned } from '../record/network-record.js';
import { agentReceiver, type LocalNodeReceiver, localNodeReceiver, type Receiver } from './receiver.js';

/** Which members should hold which network now, and which protocol each speaks. */
@Injectable()
export class Receivers {
  constructor(
    private readonly directory: Directory,
    private readonly contacts: AgentContacts,
    private readonly localContacts: LocalNodeContacts,
    private readonly regressions: Regressions,
  ) {}

  /** All members that take part in a network. */
  of(networkId: NetworkId): readonly Receiver[] {
    const record = this.directory.network(networkId);
    const agents = record === null ? [] : agentsConcerned(record);
    return [...agents.map(agentReceiver), ...this.localNodesOf(networkId)];
  }

  localNodesOf(networkId: NetworkId): readonly LocalNodeReceiver[] {
    return this.directory.localNodes().flatMap(({ state }) => {
      return state.status === 'joined' && state.networkId === networkId ? [localNodeReceiver(state)] : [];
    });
  }

  /** Whether a version of this network may be sent to this member now. */
  mayTake(receiver: Receiver, networkId: NetworkId): boolean {
    if (receiver.kind === 'local-node') return this.isMember(receiver);
    const { agentId } = receiver;
    // What it holds has to be compared first: after a restore it may be ahead, and would take a later version on top of
    // that.
    if (!this.contacts.isHeard(agentId)) return false;
    const regression = this.regressions.ofAgent(networkId, agentId);
    // It would not go back, whatever is sent. A later deletion it takes, and that only takes away.
    if (regression !== null && !this.isDeletedAfter(networkId, regression.claim.version)) return false;
    return this.isMember(receiver);
  }

  private isDeletedAfter(networkId: NetworkId, version: number): boolean {
    const topology = this.directory.network(networkId)?.topology;
    return topology?.deleted === true && topology.version > version;
  }

  /** Whether it is currently enrolled or joined. */
  isMember(receiver: Receiver): boolean {
    if (receiver.kind === 'agent') return this.directory.agent(receiver.agentId)?.state.status === 'enrolled';
    return this.directory.localNode(receiver.nodeId)?.state.status === 'joined';
  }

  /** Whether it said that it accepts deltas. */
  takesDeltas(receiver: Receiver): boolean {
    return receiver.kind === 'agent' && this.contacts.of(receiver.agentId)?.takesDeltas === true;
  }

  /** The protocol version that the member last used; the current one if there was no contact. */
  protocolOf(receiver: Receiver): number {
    if (receiver.kind === 'agent') return this.contacts.protocolOf(receiver.agentId);
    return this.localContacts.protocolOf(receiver.nodeId);
  }
}
