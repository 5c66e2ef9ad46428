import { Injectable } from '@nestjs/common';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { AgentId, NetworkId } from '#libs/contracts/ids.js';
import { Directory } from '../record/directory.js';
import { StoreEpoch } from '../record/store-epoch.js';
import { AppliedLog } from './applied-log.js';

interface Heard {
  readonly message: AppliedMessage;
  readonly receivedAt: Date;
}

/** Each agent's last acknowledgement of each network. */
@Injectable()
export class AgentStates {
  private readonly listeners: ((agentId: AgentId, networkId: NetworkId) => void)[] = [];
  private readonly states = new Map<AgentId, Map<NetworkId, Heard>>();

  constructor(
    private readonly log: AppliedLog,
    private readonly directory: Directory,
    private readonly epoch: StoreEpoch,
  ) {}

  /** The log says when current versions were applied, if a previous process received the acknowledgements. */
  async start(): Promise<void> {
    const versions = this.directory.networks().map(({ topology: { networkId, version } }) => ({ networkId, version }));
    for (const { agentId, receivedAt, ...record } of await this.log.lastOf(versions, this.epoch.current)) {
      this.take(agentId, { protocol: BUS_PROTOCOL, signature: null, ...record }, receivedAt);
    }
  }

  of(agentId: AgentId, networkId: NetworkId): AppliedMessage | null {
    return this.heard(agentId, networkId)?.message ?? null;
  }

  /** When the acknowledgement first arrived, by this process's clock. */
  receivedAt(agentId: AgentId, networkId: NetworkId): Date | null {
    return this.heard(agentId, networkId)?.receivedAt ?? null;
  }

  /**
   * Keeps the newest version, and of the same version the acknowledgement that came last, whatever the agent's clock
   * says.
   */
  take(agentId: AgentId, message: AppliedMessage, receivedAt: Date): void {
    const states = this.states.get(agentId) ?? new Map<NetworkId, Heard>();
    const known = states.get(message.networkId);
    if (known !== undefined && !isNewer(message, known.message)) return;
    // A repetition does not change when the version was applied.
    const repeats = known !== undefined && isSameVersion(message, known.message);
    states.set(message.networkId, { message, receivedAt: repeats ? known.receivedAt : receivedAt });
    this.states.set(agentId, states);
    for (const listener of this.listeners) listener(agentId, message.networkId);
  }

  /** Calls the listener after each acknowledgement that is kept. */
  onChange(listener: (agentId: AgentId, networkId: NetworkId) => void): void {
    this.listeners.push(listener);
  }

  forget(agentId: AgentId): void {
    this.states.delete(agentId);
  }

  private heard(agentId: AgentId, networkId: NetworkId): Heard | null {
    return this.states.get(agentId)?.get(networkId) ?? null;
  }
}

function isNewer(message: AppliedMessage, known: AppliedMessage): boolean {
  if (message.epoch.counter !== known.epoch.counter) return message.epoch.counter > known.epoch.counter;
  return message.to >= known.to;
}

function isSameVersion(message: AppliedMessage, known: AppliedMessage): boolean {
  return message.epoch.id === known.epoch.id && message.to === known.to && message.outcome === known.outcome;
}
