import type { KeyPair } from '@nats-io/nkeys';
import { requestThumbprint } from '#apps/control-plane/mesh/request-thumbprint.js';
import type { Bus, BusCredentials, BusStatus } from '#libs/bus/bus.js';
import { connectBus } from '#libs/bus/nats-bus.js';
import { createUser } from '#libs/bus/nats-keys.js';
import { verifyTopology } from '#libs/bus/signing.js';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { ContactReply } from '#libs/contracts/bus/from-member/contact-reply.js';
import { parseContactReply } from '#libs/contracts/bus/from-member/contact-reply.js';
import type { NetworkVersion } from '#libs/contracts/bus/network-version.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import {
  agentInboxPrefix,
  agentSubject,
  CONTROL_PLANE_INBOX_PREFIX,
  type FromAgent,
} from '#libs/contracts/bus/subjects.js';
import type { Peer, PeersMessage } from '#libs/contracts/bus/to-member/peers.js';
import { parsePeersMessage } from '#libs/contracts/bus/to-member/peers.js';
import type { TopologyMessage } from '#libs/contracts/bus/to-member/topology.js';
import { parseTopologyMessage } from '#libs/contracts/bus/to-member/topology.js';
import { type AgentId, type FlowId, parseAgentId } from '#libs/contracts/ids.js';
import { enrollmentStatement, meshKeyStatement, renewalStatement } from '#libs/contracts/renewal.js';
import { createCertificateRequest } from '#libs/mesh/certificate-request.js';
import { createPrivateKeyPem } from '#libs/mesh/keys.js';
import type { Snapshot } from '#libs/policy/model.js';
import { parseDelta } from '#libs/policy/parse-delta.js';
import { parseSnapshot } from '#libs/policy/parse-snapshot.js';
import { applyDelta } from '#libs/policy/snapshot-delta.js';
import { snapshotHash } from '#libs/policy/snapshot-digest.js';
import { type ApiAnswer, callApi } from './api.js';
import { signatureOf } from './joining.js';

/** Speaks the bus protocol like an agent, with real credentials, and does what the test sets. */
export class SimulatedAgent {
  readonly statuses: BusStatus[] = [];
  /** Every topology received whole, in order. */
  readonly received: { readonly message: TopologyMessage; readonly snapshot: Snapshot }[] = [];
  /** Of its present start; a restart makes another one. */
  bootId = 'boot-1';
  /** false: like an agent of an earlier release. */
  takesDeltas = true;
  /** Received parts, whether or not the topology was complete. */
  parts = 0;
  peers: readonly Peer[] = [];
  /** The received lists of peers, and changes of them. */
  readonly peerMessages: PeersMessage[] = [];
  /** What happens with a topology: acknowledged by default. */
  onTopology: (snapshot: Snapshot, message: TopologyMessage) => Promise<void> = (_, message) =>
    this.acknowledge(message);
  private pausing: PromiseWithResolvers<void> | null = null;
  readonly held = new Map<string, NetworkVersion>();
  private readonly bodies = new Map<string, string[]>();
  private bus: Bus | null = null;
  private diagnose: ((message: unknown) => Promise<unknown>) | null = null;
  private sequence = 0;

  private constructor(
    readonly url: string,
    readonly agentId: AgentId,
    readonly user: KeyPair,
    readonly certificateRequest: string,
    readonly credentials: Readonly<Record<string, unknown>>,
  ) {}

  static async enroll(url: string, name: string, token: string, user = createUser()): Promise<SimulatedAgent> {
    const certificateRequest = createCertificateRequest(createPrivateKeyPem());
    const body = enrollmentBody(token, name, user, certificateRequest);
    const answer = await callApi(url, 'POST', '/v1/agent-enrollments', body);
    if (answer.status !== 201) throw new Error(`not enrolled: ${answer.text}`);
    return new SimulatedAgent(url, parseAgentId(name, 'name'), user, certificateRequest, answer.body);
  }

  get busCredentials(): BusCredentials {
    return { jwt: String(this.credentials.busJwt), seed: new TextDecoder().decode(this.user.getSeed()) };
  }

  async connect(): Promise<void> {
    this.bus = connectBus({
      servers: this.credentials.busServers as readonly string[],
      name: this.agentId,
      inboxPrefix: agentInboxPrefix(this.agentId),
      replyInbox: () => CONTROL_PLANE_INBOX_PREFIX,
      credentials: () => this.busCredentials,
      onStatus: (status) => this.statuses.push(status),
    });
    this.bus.serve(agentSubject(this.agentId, 'topology'), (message) => this.takePart(message));
    this.bus.serve(agentSubject(this.agentId, 'control'), async (message) => {
      const told = parsePeersMessage(message);
      this.peerMessages.push(told);
      this.peers = told.peers;
      return { protocol: BUS_PROTOCOL, ok: true, code: null, message: null };
    });
    await this.contact('hello');
  }

  /** Repeats the request until it is answered, as an agent does. */
  send(kind: FromAgent, message: object): Promise<unknown> {
    if (this.bus === null) throw new Error('not connected');
    const signal = AbortSignal.timeout(10_000);
    return this.bus.requestUntilAnswered(agentSubject(this.agentId, kind), message, signal);
  }

  /** Replaces the earlier answer. */
  serveDiagnose(handle: (message: unknown) => Promise<unknown>): void {
    if (this.diagnose === null) {
      this.bus?.serve(agentSubject(this.agentId, 'diagnose'), async (message) => this.diagnose?.(message));
    }
    this.diagnose = handle;
  }

  async contact(kind: 'hello' | 'heartbeat', change: object = {}): Promise<ContactReply> {
    const reply = await this.send(kind, {
      protocol: BUS_PROTOCOL,
      bootId: this.bootId,
      softwareVersion: '0.1.0',
      driver: 'static',
      mesh: {
        transport: 'direct',
        state: 'joined',
        code: null,
        message: null,
        endpoints: [`${this.agentId}.example:7443`],
      },
      networks: [...this.held.values()],
      ...(this.takesDeltas ? { takesDeltas: true } : {}),
      ...(kind === 'heartbeat' ? { acknowledgements: [] } : {}),
      ...change,
    });
    const answer = parseContactReply(reply);
    this.peers = answer.peers ?? this.peers;
    return answer;
  }

  async report(sandboxes: readonly string[]): Promise<unknown> {
    this.sequence += 1;
    return this.reportPart(sandboxes, { index: 0, count: 1 });
  }

  /** A part of the last reported inventory. */
  reportPart(
    sandboxes: readonly string[],
    part: { readonly index: number; readonly count: number },
    sequence = this.sequence,
  ): Promise<unknown> {
    return this.send('inventory', {
      protocol: BUS_PROTOCOL,
      bootId: this.bootId,
      sequence,
      part,
      driver: 'static',
      sandboxes: sandboxes.map((sandboxId, index) => ({
        sandboxId,
        address: `127.10.0.${index + 1}`,
        isolation: 'advisory',
        source: 'unverified',
        dns: 'active',
        dnsRemedy: null,
        namespace: null,
      })),
    });
  }

  async acknowledge(message: TopologyMessage, change: Partial<AppliedMessage> = {}): Promise<void> {
    const { networkId, epoch, to, hash, signature } = message;
    const from = this.held.get(networkId)?.version ?? null;
    this.held.set(networkId, { networkId, epoch, version: to, hash, signature });
    await this.send('applied', appliedMessage(message, from, change));
  }

  async renew(change: { readonly timestamp?: string; readonly signature?: string } = {}): Promise<ApiAnswer> {
    const renewal = {
      agentId: this.agentId,
      nkey: this.user.getPublicKey(),
      certificateRequest: this.certificateRequest,
      timestamp: change.timestamp ?? new Date().toISOString(),
    };
    const signature = change.signature ?? signatureOf(this.user, renewalStatement(renewal));
    return callApi(this.url, 'POST', '/v1/agent-credentials', { ...renewal, signature });
  }

  async meshKey(
    change: { readonly agentId?: AgentId; readonly timestamp?: string; readonly signature?: string } = {},
  ): Promise<ApiAnswer> {
    const request = {
      agentId: change.agentId ?? this.agentId,
      nkey: this.user.getPublicKey(),
      timestamp: change.timestamp ?? new Date().toISOString(),
    };
    const signature = change.signature ?? signatureOf(this.user, meshKeyStatement(request));
    return callApi(this.url, 'POST', '/v1/agent-mesh-keys', { ...request, signature });
  }

  /** How the control plane describes it to others. */
  asPeer(endpoints: readonly string[] = [`${this.agentId}.example:7443`]): Peer {
    return { agentId: this.agentId, endpoints, keyThumbprint: requestThumbprint(this.certificateRequest) };
  }

  /** Like a stopped process: topologies wait unread until it continues. */
  stop(): void {
    this.pausing ??= Promise.withResolvers<void>();
  }

  goOn(): void {
    this.pausing?.resolve();
    this.pausing = null;
  }

  async close(): Promise<void> {
    this.goOn();
    await this.bus?.close();
    this.bus = null;
  }

  private async takePart(value: unknown): Promise<unknown> {
    const message = parseTopologyMessage(value);
    this.parts += 1;
    await this.pausing?.promise;
    if (!verifyTopology([String(this.credentials.snapshotPublicKey)], this.agentId, message, message.signature)) {
      return { protocol: BUS_PROTOCOL, status: 'refused', code: 'SIGNATURE_INVALID', message: 'not signed' };
    }
    if (message.from !== null) return this.takeDelta(message);
    const key = `${message.networkId}/${message.to}`;
    const bodies = this.bodies.get(key) ?? [];
    bodies[message.part.index] = message.body;
    this.bodies.set(key, bodies);
    if (bodies.filter((body) => body !== undefined).length === message.part.count) {
      this.take(message, parseSnapshot(JSON.parse(bodies.join(''))));
    }
    return { protocol: BUS_PROTOCOL, status: 'received', code: null, message: null };
  }

  private takeDelta(message: TopologyMessage): object {
    const before = this.received.findLast(({ snapshot }) => snapshot.networkId === message.networkId)?.snapshot;
    const snapshot =
      before === undefined || before.version !== message.from
        ? null
        : applyDelta(parseDelta(JSON.parse(message.body)), before);
    if (snapshot === null || snapshotHash(snapshot) !== message.hash) {
      return { protocol: BUS_PROTOCOL, status: 'snapshot-needed', code: 'DELTA_UNFOUNDED', message: null };
    }
    this.take(message, snapshot);
    return { protocol: BUS_PROTOCOL, status: 'received', code: null, message: null };
  }

  private take(message: TopologyMessage, snapshot: Snapshot): void {
    this.received.push({ message, snapshot });
    // Applying goes on after the answer: receipt is not an acknowledgement.
    setImmediate(() => void this.onTopology(snapshot, message).catch(() => {}));
  }
}

/** The body with which an agent enrols, signed with its key; a test may choose another key or time. */
export function enrollmentBody(
  token: string,
  name: string,
  user: KeyPair,
  certificateRequest: string,
  { signer = user, timestamp = new Date().toISOString() }: { signer?: KeyPair; timestamp?: string } = {},
) {
  const enrollment = { name: parseAgentId(name, 'name'), nkey: user.getPublicKey(), certificateRequest, timestamp };
  return { token, ...enrollment, signature: signatureOf(signer, enrollmentStatement(enrollment)) };
}

export function appliedMessage(
  { networkId, epoch, to, hash, signature }: TopologyMessage,
  from: number | null,
  change: Partial<AppliedMessage> = {},
): AppliedMessage {
  const flowsCut: readonly FlowId[] = [];
  return {
    protocol: BUS_PROTOCOL,
    epoch,
    networkId,
    from,
    to,
    hash,
    signature,
    outcome: 'applied',
    code: null,
    message: null,
    aliasFailures: [],
    flowsCut,
    appliedAt: new Date().toISOString(),
    ...change,
  };
}
