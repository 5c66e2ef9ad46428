import { Injectable } from '@nestjs/common';
import type { AppliedMessage } from '#libs/contracts/bus-messages.js';
import type { AgentId, NetworkId } from '#libs/contracts/ids.js';

/** What each agent last acknowledged of each network; agents repeat it, so that it need not survive a restart. */
@Injectable()
export class AgentStates {
  private readonly states = new Map<AgentId, Map<NetworkId, AppliedMessage>>();

  of(agentId: AgentId, networkId: NetworkId): AppliedMessage | null {
    return this.states.get(agentId)?.get(networkId) ?? null;
  }

  /** Keeps the newest version; of one version what came last, whatever the agent's clock says. */
  take(agentId: AgentId, message: AppliedMessage): void {
    const states = this.states.get(agentId) ?? new Map<NetworkId, AppliedMessage>();
    const known = states.get(message.networkId);
    if (known !== undefined && !isNewer(message, known)) return;
    this.states.set(agentId, states.set(message.networkId, message));
  }

  forget(agentId: AgentId): void {
    this.states.delete(agentId);
  }
}

function isNewer(message: AppliedMessage, known: AppliedMessage): boolean {
  if (message.epoch.counter !== known.epoch.counter) return message.epoch.counter > known.epoch.counter;
  return message.to >= known.to;
}
