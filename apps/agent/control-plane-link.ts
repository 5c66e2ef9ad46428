import type { Bus, BusFault } from '#libs/bus/bus.js';
import { connectBus } from '#libs/bus/nats-bus.js';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { ContactReply } from '#libs/contracts/bus/from-member/contact-reply.js';
import type { HelloMessage } from '#libs/contracts/bus/from-member/hello.js';
import type { SyncMessage } from '#libs/contracts/bus/from-member/sync.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { parseReceipt } from '#libs/contracts/bus/receipt.js';
import {
  agentInboxPrefix,
  agentSubject,
  CONTROL_PLANE_INBOX_PREFIX,
  type FromAgent,
} from '#libs/contracts/bus/subjects.js';
import { QUESTIONS_AT_ONCE } from '#libs/contracts/bus/to-member/diagnose.js';
import { parsePeersMessage } from '#libs/contracts/bus/to-member/peers.js';
import type { AgentId, NetworkId } from '#libs/contracts/ids.js';
import type { HeldNetwork } from '#libs/data-plane/topology/held-network.js';
import type { TopologyReceiver } from '#libs/data-plane/topology/receiver.js';
import { BusAbsence } from './contact/bus-absence.js';
import { Contact } from './contact/contact.js';
import { InventoryReports } from './contact/inventory.js';
import { SyncRequests } from './contact/sync-requests.js';
import type { AgentCredentials } from './enrollment/credentials.js';
import type { Counters } from './foundation/counters.js';
import { type AgentLog, errorFields } from './foundation/log.js';
import type { AdmittedLocalNodes } from './mesh/admitted-local-nodes.js';
import type { KnownPeers } from './mesh/known-peers.js';
import type { SandboxDriver } from './sandboxes/driver.js';
import type { Acknowledgements } from './topology/acknowledgements.js';

export interface LinkPorts {
  readonly agentId: AgentId;
  readonly bootId: string;
  /** Those of the moment: asked for at each connect. */
  readonly credentials: () => AgentCredentials;
  readonly nkeySeed: string;
  readonly hello: () => HelloMessage;
  readonly driver: SandboxDriver;
  readonly held: (networkId: NetworkId) => HeldNetwork | null;
  readonly heldNetworks: () => readonly HeldNetwork[];
  readonly acknowledgements: Acknowledgements;
  readonly receiver: TopologyReceiver;
  readonly peers: KnownPeers;
  readonly localNodes: AdmittedLocalNodes;
  readonly diagnose: (message: unknown) => Promise<unknown>;
  /** The control plane answered. */
  readonly inContact: () => void;
  /** A minute has passed without the bus. */
  readonly cutOff: () => void;
  readonly counters: Counters;
  readonly log: AgentLog;
  readonly now: () => Date;
}

/** Everything said between this agent and the control plane over the bus. */
export class ControlPlaneLink {
  private readonly bus: Bus;
  private readonly contact: Contact;
  private readonly inventory: InventoryReports;
  private readonly syncs: SyncRequests;
  private readonly served: readonly { close(): Promise<void> }[];
  private readonly closing = new AbortController();
  private answering: boolean | null = null;
  private readonly absence: BusAbsence;

  constructor(private readonly ports: LinkPorts) {
    const { agentId, log } = ports;
    this.absence = new BusAbsence(ports.cutOff);
    this.contact = new Contact({
      hello: ports.hello,
      acknowledgements: () => ports.acknowledgements.latest(),
      sendHello: (message, timeoutMs) => this.bus.request(this.subject('hello'), message, timeoutMs),
      sendHeartbeat: (message, timeoutMs) => this.bus.request(this.subject('heartbeat'), message, timeoutMs),
      maxMessageBytes: () => this.bus.maxPayloadBytes(),
      answered: (reply, to) => this.answered(reply, to),
      unanswered: (error) => this.unanswered(error),
    });
    this.inventory = new InventoryReports({
      bootId: ports.bootId,
      driver: ports.driver,
      request: (message, signal) =>
        this.bus.requestUntilAnswered(this.subject('inventory'), message, this.untilClosed(signal)),
      answered: ({ conflicts }) => {
        for (const conflict of conflicts) log.error(conflict, 'another agent holds this sandbox');
      },
      failed: (error) => log.warn(errorFields(error), 'inventory not reported'),
    });
    this.syncs = new SyncRequests({
      held: ports.held,
      heldNetworks: ports.heldNetworks,
      request: (message) => this.requestSync(message),
      failed: (networkId, error) => log.debug({ networkId, ...errorFields(error) }, 'sync not answered'),
    });
    this.bus = connectBus({
      // Read at each connect: renewed credentials may name other servers.
      get servers() {
        return ports.credentials().busServers;
      },
      name: `agent ${agentId}`,
      inboxPrefix: agentInboxPrefix(agentId),
      replyInbox: () => CONTROL_PLANE_INBOX_PREFIX,
      credentials: () => ({ jwt: ports.credentials().busJwt, seed: ports.nkeySeed }),
      onStatus: (status, detail) => {
        log.info({ status, detail }, `bus ${status}`);
        for (const follower of [this.absence, this.contact]) {
          if (status === 'connected') follower.connected();
          else follower.disconnected();
        }
      },
      onFault: (fault) => this.fault(fault),
    });
    this.served = [
      this.bus.serve(agentSubject(agentId, 'topology'), (message) => ports.receiver.handle(message)),
      this.bus.serve(agentSubject(agentId, 'diagnose'), (message) => ports.diagnose(message), QUESTIONS_AT_ONCE),
      this.bus.serve(agentSubject(agentId, 'control'), async (message) => {
        const { revision, peers, localNodes } = parsePeersMessage(message);
        ports.peers.update(revision, peers, false);
        ports.localNodes.update(revision, localNodes, false);
        return { protocol: BUS_PROTOCOL, ok: true, code: null, message: null };
      }),
    ];
  }

  /** Resolves once the control plane has answered; a refusal of its own is told and counts as an answer. */
  async deliverApplied(message: AppliedMessage, signal: AbortSignal): Promise<void> {
    const answer = await this.bus.requestUntilAnswered(this.subject('applied'), message, signal);
    const { ok, code, message: why } = parseReceipt(answer);
    if (!ok) this.ports.log.warn({ networkId: message.networkId, to: message.to, code, why }, 'not taken note of');
  }

  reportSandboxes(): void {
    void this.inventory.report();
  }

  /** Something that a heartbeat tells has changed. */
  reportSoon(): void {
    this.contact.hasten();
  }

  askForVersion(networkId: NetworkId, version: number): void {
    this.syncs.ask(networkId, version);
  }

  /** Connects again with the credentials of this moment. */
  reconnect(): Promise<void> {
    return this.bus.reconnect();
  }

  /** Takes no more messages and sends none of its own; what was taken is done. */
  async stop(): Promise<void> {
    this.closing.abort();
    this.inventory.close();
    await Promise.all([this.contact.close(), ...this.served.map((subscription) => subscription.close())]);
  }

  async close(): Promise<void> {
    await this.bus.close();
    this.absence.close();
  }

  private async requestSync(message: SyncMessage): Promise<void> {
    parseReceipt(await this.bus.request(this.subject('sync'), message, SYNC_TIMEOUT_MS));
  }

  private answered(reply: ContactReply, to: 'hello' | 'heartbeat'): void {
    this.ports.inContact();
    if (this.answering !== true) this.ports.log.info({ to }, 'in contact with the control plane');
    this.answering = true;
    this.ports.peers.update(reply.peersRevision, reply.peers, to === 'hello');
    this.ports.localNodes.update(reply.peersRevision, reply.localNodes, to === 'hello');
    this.syncs.compare(reply);
    if (to === 'hello') this.reportSandboxes();
  }

  private unanswered(error: unknown): void {
    if (this.answering !== false) this.ports.log.warn(errorFields(error), 'the control plane does not answer');
    this.answering = false;
  }

  private fault({ kind, subject, detail }: BusFault): void {
    this.ports.counters.add(`bus ${kind}`, (count) => {
      this.ports.log.warn({ kind, subject, count, ...errorFields(detail) }, 'bus message dropped or refused');
    });
  }

  private subject(message: FromAgent): string {
    return agentSubject(this.ports.agentId, message);
  }

  private untilClosed(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.closing.signal]);
  }
}

const SYNC_TIMEOUT_MS = 2_000;
