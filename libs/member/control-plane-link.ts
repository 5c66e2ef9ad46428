import type { BusSubscription } from '#libs/bus/bus.js';
import type { ContactReply } from '#libs/contracts/bus/from-member/contact-reply.js';
import type { HelloMessage } from '#libs/contracts/bus/from-member/hello.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { Receipt } from '#libs/contracts/bus/receipt.js';
import { QUESTIONS_AT_ONCE } from '#libs/contracts/bus/to-member/diagnose.js';
import { PEERS_UNFOUNDED, parsePeersMessage } from '#libs/contracts/bus/to-member/peers.js';
import type { TopologyReceiver } from '#libs/data-plane/topology/receiver.js';
import type { Acknowledgements } from './acknowledgements.js';
import type { AdmittedPeers } from './admitted-peers.js';
import { Contact } from './contact.js';
import type { MemberBus } from './member-bus.js';
import type { SyncRequests } from './sync-requests.js';

export interface LinkPorts {
  readonly hello: () => HelloMessage;
  readonly acknowledgements: Pick<Acknowledgements, 'latest'>;
  readonly receiver: Pick<TopologyReceiver, 'handle'>;
  readonly admitted: AdmittedPeers;
  readonly syncs: SyncRequests;
  readonly diagnose: (message: unknown) => Promise<unknown>;
  /** Called when the control plane answered. Nothing else counts as contact. */
  readonly answered: (reply: ContactReply, to: 'hello' | 'heartbeat') => void;
  readonly unanswered: (error: unknown) => void;
}

const TAKEN: Receipt = { protocol: BUS_PROTOCOL, ok: true, code: null, message: null };

const UNFOUNDED: Receipt = {
  protocol: BUS_PROTOCOL,
  ok: false,
  code: PEERS_UNFOUNDED,
  message: 'the changes do not apply to the list of peers that is held here',
};

/** A member's link to the control plane over the bus: answers its requests, and sends hello and heartbeats. */
export class ControlPlaneLink {
  private readonly contact: Contact;
  private readonly served: readonly BusSubscription[];

  constructor(
    bus: MemberBus,
    private readonly ports: LinkPorts,
  ) {
    const { receiver, diagnose, admitted } = ports;
    this.served = [
      bus.serve('topology', (message) => receiver.handle(message)),
      bus.serve('diagnose', diagnose, QUESTIONS_AT_ONCE),
      bus.serve('control', async (message) => {
        const peers = parsePeersMessage(message);
        if (peers.changes === undefined) admitted.update(peers.revision, peers, false);
        else if (!admitted.change(peers)) return UNFOUNDED;
        return TAKEN;
      }),
    ];
    this.contact = new Contact({
      hello: ports.hello,
      acknowledgements: () => ports.acknowledgements.latest(),
      sendHello: (message, timeoutMs) => bus.request('hello', message, timeoutMs),
      sendHeartbeat: (message, timeoutMs) => bus.request('heartbeat', message, timeoutMs),
      maxMessageBytes: () => bus.maxMessageBytes(),
      answered: (reply, to) => this.answered(reply, to),
      unanswered: ports.unanswered,
    });
    bus.onStatus((status) => {
      if (status === 'connected') this.contact.connected();
      else this.contact.disconnected();
    });
  }

  /** Something that heartbeats report has changed. */
  reportSoon(): void {
    this.contact.hasten();
  }

  /**
   * Takes no more messages and sends no more heartbeats. Resolves when the messages already taken have been handled.
   */
  async close(): Promise<void> {
    await Promise.all([this.contact.close(), ...this.served.map((subscription) => subscription.close())]);
  }

  private answered(reply: ContactReply, to: 'hello' | 'heartbeat'): void {
    this.ports.answered(reply, to);
    const { peersRevision, peers, localNodes } = reply;
    if (peers !== null && localNodes !== null) {
      this.ports.admitted.update(peersRevision, { peers, localNodes }, to === 'hello');
    }
    this.ports.syncs.compare(reply);
  }
}
