import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { InventoryParts } from '#apps/control-plane/presence/inventory-parts.js';
import type { Bus } from '#libs/bus/bus.js';
import { connectBus } from '#libs/bus/nats-bus.js';
import { isSigned } from '#libs/bus/nats-keys.js';
import { loadTopologySigner, type TopologySigner } from '#libs/bus/signing.js';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import { parseAppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { HeartbeatMessage } from '#libs/contracts/bus/from-member/heartbeat.js';
import { parseHeartbeatMessage } from '#libs/contracts/bus/from-member/heartbeat.js';
import type { HelloMessage } from '#libs/contracts/bus/from-member/hello.js';
import { parseHelloMessage } from '#libs/contracts/bus/from-member/hello.js';
import type { InventoryMessage } from '#libs/contracts/bus/from-member/inventory.js';
import { parseInventoryMessage } from '#libs/contracts/bus/from-member/inventory.js';
import type { SyncMessage } from '#libs/contracts/bus/from-member/sync.js';
import { parseSyncMessage } from '#libs/contracts/bus/from-member/sync.js';
import type { Epoch } from '#libs/contracts/bus/network-version.js';
import { BUS_PROTOCOL, SERVED_PROTOCOLS } from '#libs/contracts/bus/protocol.js';
import {
  agentOfSubject,
  agentSubject,
  CONTROL_PLANE_INBOX_PREFIX,
  everyAgentSubject,
  type FromAgent,
  senderInboxPrefix,
} from '#libs/contracts/bus/subjects.js';
import type { AdmittedLocalNode, Peer } from '#libs/contracts/bus/to-member/peers.js';
import { parseTopologyReply, type TopologyMessage } from '#libs/contracts/bus/to-member/topology.js';
import { CodedError } from '#libs/contracts/errors.js';
import { type AgentId, parseAgentId } from '#libs/contracts/ids.js';
import { parseObject } from '#libs/contracts/json-fields.js';
import { enrollmentStatement, renewalStatement } from '#libs/contracts/renewal.js';
import { createCertificateRequest } from '#libs/mesh/certificate-request.js';
import { type CertificateAuthority, createAuthority, loadAuthority, newSerialNumber } from '#libs/mesh/certificates.js';
import type { MeshCredentials, MeshIdentity } from '#libs/mesh/flow.js';
import { createPrivateKeyPem } from '#libs/mesh/keys.js';
import type { Snapshot } from '#libs/policy/model.js';
import { diff } from '#libs/policy/snapshot-delta.js';
import { snapshotHash, treeOf } from '#libs/policy/snapshot-digest.js';
import { snapshotText } from '#libs/policy/snapshot-text.js';
import { startNats, type TestNats } from '#test/support/nats.js';
import { waitFor } from '#test/support/wait.js';

export const ENROLLMENT_TOKEN = `gse_${'t'.repeat(43)}`;

/** The parts of a message that the test wants to differ from the control plane's. */
export type Twist = Partial<Omit<TopologyMessage, 'part' | 'body'>> & { readonly partCharacters?: number };

/**
 * Stands in for the control plane towards agents: enrols them over HTTP, signs what the test publishes, answers and
 * records their messages, over a real nats-server.
 */
export class FakeControlPlane {
  readonly hellos: HelloMessage[] = [];
  readonly heartbeats: HeartbeatMessage[] = [];
  readonly applied: AppliedMessage[] = [];
  private readonly appliedBy = new Map<AgentId, AppliedMessage[]>();
  readonly inventories: InventoryMessage[] = [];
  /** Including those of parts. */
  inventoryMessages = 0;
  private readonly inventoryParts = new InventoryParts();
  private readonly latestInventories = new Map<AgentId, InventoryMessage>();
  readonly syncs: SyncMessage[] = [];
  private readonly heldBack = new Map<AgentId, Snapshot>();
  readonly enrolled: string[] = [];
  readonly renewed: string[] = [];
  epoch: Epoch = { counter: 1, id: 'epoch-one' };
  term = 1;
  credentialSeconds = 3_600;
  /** While false, nobody gets credentials. */
  answersHttp = true;
  /** While false, no hello and no heartbeat is answered. */
  answersContact = true;
  /** The mesh in credentials that are issued from now on, and a key for it. */
  offeredMesh: { readonly controlUrl: string; readonly mintKey: () => Promise<string> } | null = null;
  /** While false, acknowledgements are recorded but not confirmed. */
  answersApplied = true;
  private readonly current = new Map<AgentId, Map<string, Snapshot>>();
  /**
   * Agents that it lists to others: those that have contacted it, with those that the test adds and without those that
   * it removes.
   */
  readonly peers = new Map<AgentId, Peer>();
  localNodes: readonly AdmittedLocalNode[] = [];

  private constructor(
    readonly nats: TestNats,
    private readonly bus: Bus,
    private readonly http: Server,
    private readonly signer: TopologySigner,
    private readonly authority: CertificateAuthority,
    /** The bus address for agents that enrol or renew from now on. */
    public busUrl: string,
  ) {
    this.serve('hello', async (message, agentId) => this.contact(parseHelloMessage(message), agentId, this.hellos));
    this.serve('heartbeat', async (message, agentId) =>
      this.contact(parseHeartbeatMessage(message), agentId, this.heartbeats),
    );
    this.serve('applied', async (message, agentId) => {
      const applied = parseAppliedMessage(message);
      this.applied.push(applied);
      this.appliedBy.set(agentId, [...(this.appliedBy.get(agentId) ?? []), applied]);
      if (!this.answersApplied) throw new CodedError('UNAVAILABLE', 'not now');
      return acknowledged;
    });
    this.serve('inventory', async (message, agentId) => {
      this.inventoryMessages += 1;
      const inventory = this.inventoryParts.add(agentId, parseInventoryMessage(message));
      if (inventory !== null) {
        this.inventories.push(inventory);
        this.latestInventories.set(agentId, inventory);
      }
      const accepted = inventory?.sandboxes.map(({ sandboxId }) => sandboxId) ?? [];
      return { protocol: BUS_PROTOCOL, accepted, conflicts: [] };
    });
    this.serve('sync', async (message, agentId) => {
      const sync = parseSyncMessage(message);
      this.syncs.push(sync);
      const snapshot = this.current.get(agentId)?.get(sync.networkId);
      if (snapshot !== undefined) void this.send(agentId, snapshot).catch(() => {});
      return acknowledged;
    });
  }

  /** `host`: an address of this machine that the agents reach, when that is not 127.0.0.1. */
  static async start(host = '127.0.0.1'): Promise<FakeControlPlane> {
    const nats = await startNats();
    const busUrl = host === '127.0.0.1' ? nats.url : await relay(host, Number(new URL(nats.url).port));
    const credentials = await nats.authority.controlPlaneCredentials();
    const bus = connectBus({
      servers: [nats.url],
      name: 'control plane',
      inboxPrefix: CONTROL_PLANE_INBOX_PREFIX,
      replyInbox: senderInboxPrefix,
      credentials: () => credentials,
      onStatus: () => {},
    });
    const material = await createAuthority({ storeId: 'test-store', now: new Date(), ttlSeconds: 86_400 });
    const authority = await loadAuthority(material);
    const http = createServer().listen(0, host);
    await once(http, 'listening');
    const signer = loadTopologySigner(join(nats.keysFolder, 'topology'));
    const plane = new FakeControlPlane(nats, bus, http, signer, authority, busUrl);
    http.on('request', (request, response) => {
      plane.answer(request).then(
        ([status, body]) =>
          response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
        (error) => response.writeHead(500).end(String(error)),
      );
    });
    await waitFor('the fake control plane is on the bus', () => bus.status() === 'connected');
    return plane;
  }

  get url(): string {
    const { address, port } = this.http.address() as AddressInfo;
    return `http://${address}:${port}`;
  }

  /** The version that an agent is to hold from now on, sent at once; resolves with the last part's reply. */
  async publish(agentId: AgentId, snapshot: Snapshot, twist: Twist = {}): Promise<unknown> {
    const networks = this.current.get(agentId) ?? new Map<string, Snapshot>();
    this.current.set(agentId, networks.set(snapshot.networkId, snapshot));
    this.heldBack.delete(agentId);
    return this.send(agentId, snapshot, twist);
  }

  /** A version that the agent is told of, but does not get until it is published. */
  holdBack(agentId: AgentId, snapshot: Snapshot): void {
    this.heldBack.set(agentId, snapshot);
  }

  /** Like publish, but the agent is not meant to hold it. */
  async send(agentId: AgentId, snapshot: Snapshot, twist: Twist = {}): Promise<unknown> {
    let reply: unknown;
    for (const message of this.messages(agentId, snapshot, twist)) {
      reply = await this.bus.requestUntilAnswered(
        agentSubject(agentId, 'topology'),
        message,
        AbortSignal.timeout(10_000),
      );
    }
    return reply;
  }

  /** Like publish, with a delta from the snapshot that the agent holds. */
  async publishDelta(agentId: AgentId, before: Snapshot, snapshot: Snapshot, change: Partial<TopologyMessage> = {}) {
    this.current.set(agentId, new Map(this.current.get(agentId)).set(snapshot.networkId, snapshot));
    const message = this.messages(agentId, snapshot, {})[0];
    const body = JSON.stringify(diff(treeOf(before), treeOf(snapshot)));
    const delta = { ...message, from: before.version, part: { index: 0, count: 1 }, body, ...change };
    const signal = AbortSignal.timeout(10_000);
    const reply = await this.bus.requestUntilAnswered(agentSubject(agentId, 'topology'), delta, signal);
    return parseTopologyReply(reply);
  }

  /** For a peer in the mesh that is not an agent process. */
  async meshCredentials(identity: MeshIdentity): Promise<MeshCredentials> {
    const privateKey = createPrivateKeyPem();
    const request = createCertificateRequest(privateKey);
    const issued = { request, identity, now: new Date(), ttlSeconds: 3_600, serialNumber: newSerialNumber() };
    const { certificate } = await this.authority.issue(issued);
    return { certificate, privateKey, authority: this.authority.certificate };
  }

  diagnose(agentId: AgentId, question: unknown): Promise<unknown> {
    return this.bus.request(agentSubject(agentId, 'diagnose'), question, 5_000);
  }

  /** Later waits consider only reports after this. */
  forgetInventories(): void {
    this.inventories.length = 0;
    this.latestInventories.clear();
  }

  inventoryOf(agentId: AgentId): InventoryMessage | undefined {
    return this.latestInventories.get(agentId);
  }

  /** The applied message of a version, once received. */
  acknowledgement(to: number, outcome: AppliedMessage['outcome'] = 'applied'): Promise<AppliedMessage> {
    return waitFor(`version ${to} is ${outcome}`, () =>
      this.applied.findLast((message) => message.to === to && message.outcome === outcome),
    );
  }

  /** Like acknowledgement, for one of several agents. */
  acknowledgementOf(agentId: AgentId, to: number): Promise<AppliedMessage> {
    return waitFor(`${agentId} acknowledges version ${to}`, () =>
      this.appliedBy.get(agentId)?.findLast((message) => message.to === to && message.outcome === 'applied'),
    );
  }

  async close(): Promise<void> {
    this.http.closeAllConnections();
    this.http.close();
    await this.bus.close();
    await this.nats.stop();
  }

  private messages(agentId: AgentId, snapshot: Snapshot, twist: Twist): readonly TopologyMessage[] {
    const { partCharacters = 100_000, ...changes } = twist;
    const text = snapshotText(snapshot);
    const statement = {
      epoch: this.epoch,
      networkId: snapshot.networkId,
      from: null,
      to: snapshot.version,
      hash: snapshotHash(snapshot),
      ...changes,
    };
    const signature = this.signer.sign(agentId, statement);
    const bodies = text.match(new RegExp(`[^]{1,${partCharacters}}`, 'g')) ?? [];
    return bodies.map((body, index) => ({
      protocol: BUS_PROTOCOL,
      term: this.term,
      signature,
      ...statement,
      part: { index, count: bodies.length },
      body,
    }));
  }

  private serve(kind: FromAgent, handle: (message: unknown, agentId: AgentId) => Promise<unknown>): void {
    this.bus.serve(everyAgentSubject(kind), (message, subject) =>
      handle(message, parseAgentId(agentOfSubject(subject), 'agent')),
    );
  }

  private contact<T extends HelloMessage>(message: T, agentId: AgentId, heard: T[]) {
    if (!this.answersContact) throw new CodedError('UNAVAILABLE', 'not now');
    heard.push(message);
    this.peers.set(agentId, { agentId, endpoints: message.mesh.endpoints, keyThumbprint: null });
    const heldBack = this.heldBack.get(agentId);
    const current = this.current.get(agentId) ?? new Map<string, Snapshot>();
    const networks = [...current.values(), ...(heldBack === undefined ? [] : [heldBack])];
    return {
      protocol: BUS_PROTOCOL,
      serves: SERVED_PROTOCOLS,
      term: this.term,
      epoch: this.epoch,
      networks: networks.map((snapshot) => ({
        networkId: snapshot.networkId,
        version: snapshot.version,
        hash: snapshotHash(snapshot),
      })),
      localNodes: this.localNodes,
      peersRevision: Date.now(),
      peers: [...this.peers.values()],
    };
  }

  private async answer(request: IncomingMessage): Promise<[number, unknown]> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    if (!this.answersHttp) return [503, { code: 'UNAVAILABLE', detail: 'not now' }];
    const body = parseObject(JSON.parse(Buffer.concat(chunks).toString('utf8')), 'body');
    const text = (name: string) => String(body[name]);
    const signed = {
      nkey: text('nkey'),
      certificateRequest: text('certificateRequest'),
      timestamp: text('timestamp'),
    };
    const { nkey, certificateRequest } = signed;
    const isSignedByItsKey = (statement: string) =>
      isSigned(nkey, Buffer.from(statement), Buffer.from(text('signature'), 'base64'));
    if (request.url === '/v1/agent-enrollments') {
      if (text('token') !== ENROLLMENT_TOKEN || this.enrolled.includes(text('name'))) {
        return [403, { code: 'ENROLLMENT_TOKEN_INVALID', detail: 'spent', remedy: 'make another' }];
      }
      const name = parseAgentId(body.name, 'name');
      if (!isSignedByItsKey(enrollmentStatement({ name, ...signed }))) return [403, { code: 'SIGNATURE_INVALID' }];
      this.enrolled.push(name);
      return [201, await this.credentials(name, nkey, certificateRequest)];
    }
    if (request.url === '/v1/agent-mesh-keys') return [201, { authKey: await this.offeredMesh?.mintKey() }];
    const agentId = parseAgentId(body.agentId, 'agentId');
    if (!isSignedByItsKey(renewalStatement({ agentId, ...signed }))) return [403, { code: 'SIGNATURE_INVALID' }];
    this.renewed.push(agentId);
    return [201, await this.credentials(agentId, nkey, certificateRequest)];
  }

  private async credentials(agentId: AgentId, nkey: string, request: string): Promise<unknown> {
    const expiresAt = new Date(Date.now() + this.credentialSeconds * 1_000);
    const { certificate } = await this.authority.issue({
      request,
      identity: { kind: 'agent', agentId },
      now: new Date(),
      ttlSeconds: this.credentialSeconds,
      serialNumber: newSerialNumber(),
    });
    return {
      agentId,
      busJwt: await this.nats.authority.issueAgent(agentId, nkey, expiresAt),
      busServers: [this.busUrl],
      certificate,
      authority: this.authority.certificate,
      snapshotPublicKey: this.signer.publicKey,
      storeId: this.authority.storeId,
      meshTransport: this.offeredMesh === null ? null : 'tsnet',
      meshControlUrl: this.offeredMesh?.controlUrl ?? null,
      epoch: this.epoch,
      expiresAt: expiresAt.toISOString(),
    };
  }
}

const acknowledged = { protocol: BUS_PROTOCOL, ok: true, code: null, message: null };

/** Forwards TCP from another address of this machine to a port of 127.0.0.1; ends with the process. */
async function relay(host: string, port: number): Promise<string> {
  const server = createTcpServer((inner) => {
    const outer = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  }).listen(0, host);
  await once(server, 'listening');
  server.unref();
  return `nats://${host}:${(server.address() as AddressInfo).port}`;
}
