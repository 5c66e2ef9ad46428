import { EventEmitter } from 'node:events';
import type { Bus, BusFault, BusStatus, BusSubscription } from '#libs/bus/bus.js';
import { connectBus } from '#libs/bus/nats-bus.js';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { SyncMessage } from '#libs/contracts/bus/from-member/sync.js';
import type { Receipt } from '#libs/contracts/bus/receipt.js';
import { parseReceipt } from '#libs/contracts/bus/receipt.js';
import {
  agentInboxPrefix,
  agentSubject,
  CONTROL_PLANE_INBOX_PREFIX,
  type FromLocalNode,
  localNodeInboxPrefix,
  localNodeSubject,
  type ToLocalNode,
} from '#libs/contracts/bus/subjects.js';
import type { CodedError } from '#libs/contracts/errors.js';
import type { AgentId, LocalNodeId } from '#libs/contracts/ids.js';
import type { MemberCredentials } from './credentials.js';

/** The messages that every member sends. */
export type FromMember = FromLocalNode;
/** The messages that the control plane sends to every member. */
export type ToMember = ToLocalNode;

/** How a member and the control plane name one another on the bus. */
export interface MemberAddress {
  /** The name of its connection, as nats-server shows it. */
  readonly name: string;
  readonly inboxPrefix: string;
  readonly subject: (message: FromMember | ToMember) => string;
}

export function agentAddress(agentId: AgentId): MemberAddress {
  return {
    name: `agent ${agentId}`,
    inboxPrefix: agentInboxPrefix(agentId),
    subject: (message) => agentSubject(agentId, message),
  };
}

export function localNodeAddress(nodeId: LocalNodeId): MemberAddress {
  return {
    name: `local node ${nodeId}`,
    inboxPrefix: localNodeInboxPrefix(nodeId),
    subject: (message) => localNodeSubject(nodeId, message),
  };
}

export interface MemberBusPorts {
  readonly address: MemberAddress;
  /** Called at each connect for the current credentials. */
  readonly credentials: () => Pick<MemberCredentials, 'busJwt' | 'busServers'>;
  readonly nkeySeed: string;
  /** Called when a message was dropped or refused. */
  readonly fault: (fault: BusFault) => void;
}

type StatusListener = (status: BusStatus, detail: string | null) => void;

const SYNC_TIMEOUT_MS = 2_000;

/** A member's connection to the bus, and the requests that it makes over it. */
export class MemberBus {
  private readonly bus: Bus;
  private readonly statuses = new EventEmitter<{ status: [BusStatus, string | null]; lost: [] }>();
  private expectsDisconnect = false;

  constructor(private readonly ports: MemberBusPorts) {
    const { address, credentials, nkeySeed } = ports;
    this.bus = connectBus({
      // Read at each connect, because renewed credentials may name other servers.
      get servers() {
        return credentials().busServers;
      },
      name: address.name,
      inboxPrefix: address.inboxPrefix,
      replyInbox: () => CONTROL_PLANE_INBOX_PREFIX,
      credentials: () => ({ jwt: credentials().busJwt, seed: nkeySeed }),
      onStatus: (status, detail) => {
        this.statuses.emit('status', status, detail);
        if (status === 'disconnected' && !this.isExpected()) this.statuses.emit('lost');
      },
      onFault: (fault) => ports.fault(fault),
    });
  }

  /** Calls the listener at each change of status, and at once if the bus is connected. */
  onStatus(listener: StatusListener): void {
    this.statuses.on('status', listener);
    if (this.bus.status() === 'connected') listener('connected', null);
  }

  /** Calls the listener when the connection ends or cannot be made. */
  onLost(listener: () => void): void {
    this.statuses.on('lost', listener);
  }

  status(): BusStatus {
    return this.bus.status();
  }

  /** As Bus.fault. */
  fault(): CodedError | null {
    return this.bus.fault();
  }

  /** Largest message in bytes. */
  maxMessageBytes(): number {
    return this.bus.maxPayloadBytes();
  }

  /** One attempt. Errors: those of Bus.request. */
  request(message: FromMember, body: object, timeoutMs: number): Promise<unknown> {
    return this.bus.request(this.ports.address.subject(message), body, timeoutMs);
  }

  /** As Bus.requestUntilAnswered, on one of this member's subjects. */
  requestUntilAnswered(subject: string, body: object, signal: AbortSignal): Promise<unknown> {
    return this.bus.requestUntilAnswered(subject, body, signal);
  }

  /**
   * Repeats an acknowledgement until the control plane answers; resolves with the answer. Errors: those of
   * Bus.requestUntilAnswered.
   */
  async deliverApplied(message: AppliedMessage, signal: AbortSignal): Promise<Receipt> {
    return parseReceipt(await this.requestUntilAnswered(this.ports.address.subject('applied'), message, signal));
  }

  /** One attempt. Errors: those of Bus.request. */
  async requestSync(message: SyncMessage): Promise<void> {
    parseReceipt(await this.request('sync', message, SYNC_TIMEOUT_MS));
  }

  serve(message: ToMember, handle: (message: unknown) => Promise<unknown>, atOnce?: number): BusSubscription {
    return this.bus.serve(this.ports.address.subject(message), handle, atOnce);
  }

  /** Connects again with the current credentials. */
  reconnect(): Promise<void> {
    this.expectsDisconnect = true;
    return this.bus.reconnect();
  }

  close(): Promise<void> {
    this.expectsDisconnect = true;
    return this.bus.close();
  }

  /** Whether the end of the connection is expected, because this class ended it to connect with other credentials. */
  private isExpected(): boolean {
    const isExpected = this.expectsDisconnect;
    this.expectsDisconnect = false;
    return isExpected;
  }
}
