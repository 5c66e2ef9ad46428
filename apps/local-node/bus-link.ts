import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Bus, BusFault } from '#libs/bus/bus.js';
import { connectBus } from '#libs/bus/nats-bus.js';
import { HEARTBEAT_INTERVAL_MS, HEARTBEAT_TIMEOUT_MS } from '#libs/contracts/bus/contact.js';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { ContactReply } from '#libs/contracts/bus/from-member/contact-reply.js';
import { parseContactReply } from '#libs/contracts/bus/from-member/contact-reply.js';
import type { HeartbeatMessage } from '#libs/contracts/bus/from-member/heartbeat.js';
import type { MeshState } from '#libs/contracts/bus/from-member/hello.js';
import type { NetworkVersion } from '#libs/contracts/bus/network-version.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import {
  CONTROL_PLANE_INBOX_PREFIX,
  type FromLocalNode,
  localNodeInboxPrefix,
  localNodeSubject,
} from '#libs/contracts/bus/subjects.js';
import { QUESTIONS_AT_ONCE } from '#libs/contracts/bus/to-member/diagnose.js';
import type { Peer } from '#libs/contracts/bus/to-member/peers.js';
import { parsePeersMessage } from '#libs/contracts/bus/to-member/peers.js';
import type { LocalNodeId } from '#libs/contracts/ids.js';
import type { TopologyReceiver } from '#libs/data-plane/topology/receiver.js';
import type { LocalCredentials } from './control-plane-api.js';

export interface BusLinkPorts {
  readonly nodeId: LocalNodeId;
  readonly credentials: () => LocalCredentials;
  readonly nkeySeed: string;
  readonly receiver: TopologyReceiver;
  readonly mesh: () => MeshState;
  readonly held: () => readonly NetworkVersion[];
  readonly peers: (peers: readonly Peer[]) => void;
  readonly inContact: (reply: ContactReply) => void;
  readonly diagnose: (message: unknown) => Promise<unknown>;
  /** The server let go of the connection. */
  readonly disconnected: () => void;
  /** A message was dropped or refused. */
  readonly fault: (fault: BusFault) => void;
}

const SYNC_TIMEOUT_MS = 2_000;

/** Everything said between this machine and the control plane over the bus, for one network. */
export class BusLink {
  private readonly bus: Bus;
  private readonly bootId = randomUUID();
  private readonly closing = new AbortController();
  private readonly served: readonly { close(): Promise<void> }[];
  private readonly beating: Promise<void>;
  /** Ends the rest before the next heartbeat. */
  private hurry = new AbortController();
  private expectsDisconnect = false;

  constructor(private readonly ports: BusLinkPorts) {
    const { nodeId } = ports;
    this.bus = connectBus({
      get servers() {
        return ports.credentials().busServers;
      },
      name: `local node ${nodeId}`,
      inboxPrefix: localNodeInboxPrefix(nodeId),
      replyInbox: () => CONTROL_PLANE_INBOX_PREFIX,
      credentials: () => ({ jwt: ports.credentials().busJwt, seed: ports.nkeySeed }),
      onStatus: (status) => {
        if (status === 'connected') this.hurry.abort();
        else if (status === 'disconnected' && !this.isExpected()) ports.disconnected();
      },
      onFault: (fault) => ports.fault(fault),
    });
    this.served = [
      this.bus.serve(localNodeSubject(nodeId, 'topology'), (message) => ports.receiver.handle(message)),
      this.bus.serve(localNodeSubject(nodeId, 'diagnose'), (message) => ports.diagnose(message), QUESTIONS_AT_ONCE),
      this.bus.serve(localNodeSubject(nodeId, 'control'), async (message) => {
        ports.peers(parsePeersMessage(message).peers);
        return { protocol: BUS_PROTOCOL, ok: true, code: null, message: null };
      }),
    ];
    this.beating = this.beat();
  }

  /** Something that a heartbeat tells has changed. */
  reportSoon(): void {
    this.hurry.abort();
  }

  status(): string {
    return this.bus.status();
  }

  reconnect(): Promise<void> {
    this.expectsDisconnect = true;
    return this.bus.reconnect();
  }

  /** Told until it is heard; nobody waits for it. */
  acknowledge(message: AppliedMessage): void {
    this.bus.requestUntilAnswered(this.subject('applied'), message, this.closing.signal).catch(() => {
      // closed before it was heard: the heartbeat of a next life says what is held
    });
  }

  requestSync(message: unknown): void {
    this.bus.request(this.subject('sync'), message, SYNC_TIMEOUT_MS).catch(() => {
      // unanswered: the flow that asked is decided on what is here
    });
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.beating;
    await Promise.all(this.served.map((subscription) => subscription.close()));
    await this.bus.close();
  }

  /** The end of a connection that was ended here, to connect with other credentials, says nothing. */
  private isExpected(): boolean {
    const isExpected = this.expectsDisconnect || this.closing.signal.aborted;
    this.expectsDisconnect = false;
    return isExpected;
  }

  private async beat(): Promise<void> {
    const { signal } = this.closing;
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      const { peers, inContact, mesh, held } = this.ports;
      const message: HeartbeatMessage = {
        protocol: BUS_PROTOCOL,
        bootId: this.bootId,
        softwareVersion: '0.1.0',
        driver: 'local',
        mesh: mesh(),
        networks: held(),
        acknowledgements: [],
      };
      try {
        const answer = await this.bus.request(
          this.subject(isFirst ? 'hello' : 'heartbeat'),
          message,
          HEARTBEAT_TIMEOUT_MS,
        );
        const reply = parseContactReply(answer);
        peers(reply.peers);
        inContact(reply);
      } catch {
        // without contact: staleness counts from the last one, and the status of the bus is shown
      }
      this.hurry = new AbortController();
      await pause(HEARTBEAT_INTERVAL_MS, undefined, { signal: AbortSignal.any([signal, this.hurry.signal]) }).catch(
        () => {},
      );
    }
  }

  private subject(message: FromLocalNode): string {
    return localNodeSubject(this.ports.nodeId, message);
  }
}
