import { randomUUID } from 'node:crypto';
import { InventoryReports } from '#apps/agent/contact/inventory.js';
import { type AgentCredentials, parseCredentials } from '#apps/agent/enrollment/credentials.js';
import { createUser } from '#libs/bus/nats-keys.js';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { agentSubject } from '#libs/contracts/bus/subjects.js';
import { parseSandboxId, type SandboxId } from '#libs/contracts/ids.js';
import type { HeldNetwork } from '#libs/data-plane/topology/held-network.js';
import { versionOf } from '#libs/data-plane/topology/held-network.js';
import { TopologyReceiver } from '#libs/data-plane/topology/receiver.js';
import { Acknowledgements } from '#libs/member/acknowledgements.js';
import { AdmittedPeers } from '#libs/member/admitted-peers.js';
import { appliedMessage } from '#libs/member/applied-message.js';
import { ControlPlaneLink } from '#libs/member/control-plane-link.js';
import { HeldNetworks } from '#libs/member/held-networks.js';
import { agentAddress, MemberBus } from '#libs/member/member-bus.js';
import { SyncRequests } from '#libs/member/sync-requests.js';
import { createCertificateRequest } from '#libs/mesh/certificate-request.js';
import { createPrivateKeyPem } from '#libs/mesh/keys.js';
import { callApi } from '#test/integration/control-plane/api.js';
import { enrollmentBody } from '#test/integration/control-plane/simulated-agent.js';

/** Messages of the last change of a network, as they were on the bus. */
export interface LastExchange {
  readonly topology: unknown;
  readonly reply: unknown;
  readonly applied: AppliedMessage | null;
  readonly receipt: unknown;
}

interface Life {
  readonly bus: MemberBus;
  readonly link: ControlPlaneLink;
  readonly inventory: InventoryReports;
  readonly acknowledgements: Acknowledgements;
}

/**
 * The control plane's view of an agent: an agent's own classes for contact, topologies, acknowledgements and inventory,
 * with credentials of its own, and nothing behind them. It acknowledges a version as soon as its signature and hash
 * hold. Hundreds fit into one process.
 */
export class ProtocolAgent {
  /** Topology messages received, and acknowledgements that were answered. */
  topologies = 0;
  answered = 0;
  exchange: LastExchange = { topology: null, reply: null, applied: null, receipt: null };
  private held = new HeldNetworks();
  private admitted = new AdmittedPeers();
  private life: Life | null = null;

  private constructor(
    private readonly credentials: AgentCredentials,
    private readonly nkeySeed: string,
  ) {}

  /** With a token of the admin's, as an operator would. */
  static async enroll(url: string, adminToken: string, name: string): Promise<ProtocolAgent> {
    const admin = { authorization: `Bearer ${adminToken}` };
    const { body } = await callApi(url, 'POST', '/v1/agents/enrollment-tokens', { name }, admin);
    const user = createUser();
    const request = createCertificateRequest(createPrivateKeyPem());
    const enrolment = enrollmentBody(String(body.token), name, user, request);
    const answer = await callApi(url, 'POST', '/v1/agent-enrollments', enrolment);
    if (answer.status !== 201) throw new Error(`${name} is not enrolled: ${answer.text}`);
    const credentials = parseCredentials({ ...answer.body, issuedAt: new Date().toISOString() });
    return new ProtocolAgent(credentials, new TextDecoder().decode(user.getSeed()));
  }

  /** The one sandbox of the agent of this name. */
  static sandboxOf(agent: string): SandboxId {
    return parseSandboxId(`sbx-${agent}`, 'sandbox');
  }

  /** The version held of each network. */
  get versions(): readonly HeldNetwork[] {
    return this.held.all().filter(({ snapshot }) => snapshot.participates);
  }

  get isConnected(): boolean {
    return this.life !== null;
  }

  /** Resolves once the control plane has answered its hello and its inventory. */
  connect(): Promise<void> {
    const ready = Promise.withResolvers<void>();
    const { credentials, held, nkeySeed } = this;
    const { agentId } = credentials;
    const bus = new MemberBus({
      address: agentAddress(agentId),
      credentials: () => credentials,
      nkeySeed,
      fault: () => {},
    });
    const acknowledgements = new Acknowledgements({
      deliver: async (message, signal) => {
        const receipt = await bus.deliverApplied(message, signal);
        this.exchange = { ...this.exchange, receipt };
        this.answered += 1;
      },
      failed: () => {},
    });
    const receiver = new TopologyReceiver({
      recipient: agentId,
      topologyKeys: () => credentials.snapshotKeys,
      held,
      take: (version) => {
        const from = held.of(version.snapshot.networkId)?.snapshot.version ?? null;
        held.hold(version);
        const applied = appliedMessage(version, { from, aliasFailures: [], flowsCut: [], appliedAt: new Date() });
        this.exchange = { ...this.exchange, applied };
        acknowledgements.add(applied);
      },
      acknowledgeAgain: (networkId) => acknowledgements.repeat(networkId),
      reportRefusal: () => {},
      answered: () => {},
      now: () => new Date(),
    });
    const counting = {
      handle: async (topology: unknown) => {
        this.topologies += 1;
        const reply = await receiver.handle(topology);
        this.exchange = { ...this.exchange, topology, reply };
        return reply;
      },
    };
    const bootId = randomUUID();
    const inventory = new InventoryReports({
      ...{ bootId, driver: 'static', refused: () => [] },
      sandboxes: () => [reportOf(ProtocolAgent.sandboxOf(agentId))],
      request: (message, signal) => bus.requestUntilAnswered(agentSubject(agentId, 'inventory'), message, signal),
      maxMessageBytes: () => bus.maxMessageBytes(),
      answered: () => ready.resolve(),
      failed: (error) => ready.reject(error),
    });
    const link = new ControlPlaneLink(bus, {
      hello: () => ({
        ...{ protocol: BUS_PROTOCOL, bootId, softwareVersion: '0.1.0', driver: 'static', takesDeltas: true },
        mesh: { ...JOINED, endpoints: [`${agentId}.example:7443`] },
        networks: held.all().map(versionOf),
        ...{ peersRevision: this.admitted.heldRevision(), refusedFlows: [] },
      }),
      ...{ acknowledgements, receiver: counting, admitted: this.admitted },
      syncs: new SyncRequests({ held, request: (message) => bus.requestSync(message), failed: () => {} }),
      diagnose: async () => {
        throw new Error('there is nothing here to diagnose');
      },
      answered: (_, to) => {
        if (to === 'hello') inventory.report();
      },
      unanswered: () => {},
    });
    this.life = { bus, link, inventory, acknowledgements };
    return ready.promise;
  }

  async disconnect(): Promise<void> {
    const { life } = this;
    if (life === null) return;
    this.life = null;
    life.inventory.close();
    await life.link.close();
    await life.acknowledgements.close();
    await life.bus.close();
  }

  /** As after the loss of its disk, credentials aside. */
  forget(): void {
    this.held = new HeldNetworks();
    this.admitted = new AdmittedPeers();
    this.topologies = 0;
    this.answered = 0;
  }
}

const JOINED = { transport: 'direct', state: 'joined', code: null, message: null } as const;

function reportOf(sandboxId: SandboxId): SandboxReport {
  return {
    ...{ sandboxId, address: '127.10.0.1', isolation: 'advisory', isolationEvidence: null, isolationRemedy: null },
    ...{ source: 'unverified', dns: 'active', dnsRemedy: null, namespace: null, container: null, paused: false },
  };
}
