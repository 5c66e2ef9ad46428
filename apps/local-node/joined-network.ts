import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { MeshState } from '#libs/contracts/bus/from-member/hello.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { localNodeRecipient } from '#libs/contracts/bus/subjects.js';
import type { Peer } from '#libs/contracts/bus/to-member/peers.js';
import { parseFlowId } from '#libs/contracts/ids.js';
import type { ForwardState, JoinedNetworkState } from '#libs/contracts/local-node-requests.js';
import type { FlowEngine, FlowRecord } from '#libs/data-plane/data-plane.js';
import { createFlowEngine } from '#libs/data-plane/flows/engine.js';
import { type HeldNetwork, versionOf } from '#libs/data-plane/topology/held-network.js';
import { TopologyReceiver } from '#libs/data-plane/topology/receiver.js';
import { meshCredentials } from '#libs/member/credentials.js';
import type { MemberKeys } from '#libs/member/keys.js';
import { Renewal } from '#libs/member/renewal.js';
import type { StartedMeshMember } from '#libs/mesh/mesh-member.js';
import type { FlowSource } from '#libs/policy/model.js';
import { viewOf } from '#libs/policy/view.js';
import { BusLink } from './bus-link.js';
import { type DiagnosedNode, runLocalChecks } from './checks.js';
import { type LocalCredentials, requestLeave, requestMeshKey } from './control-plane-api.js';
import { ForwardStates } from './forward-states.js';
import { FORWARD_ADDRESS, type Forward, Forwards } from './forwards.js';
import { type Asker, issuedFor } from './issued.js';
import { type Ending, endingOf, joinedState } from './joined-state.js';
import { newJoinKeys } from './keys.js';
import { LastWord } from './last-word.js';
import { lookOf } from './look.js';
import { joinMesh } from './mesh.js';
import type { Surroundings } from './standing.js';

export interface JoinPorts extends Asker {
  /** The program apps/mesh-node. */
  readonly meshNode: string;
  /** This machine's own. */
  readonly folder: string;
  readonly log: (event: string, fields: { readonly [key: string]: unknown }) => void;
  /** What `state` says has changed. */
  readonly changed: () => void;
}

const LIMITS = {
  connectTimeoutMs: 10_000,
  idleTimeoutMs: 3_600_000,
  flowsPerSource: 1_024,
  flows: 1_024,
  syncHoldMs: 2_000,
};

const RENEWAL_PACE = { lookEveryMs: 5_000, firstRetryMs: 500, longestRetryMs: 10_000 };

/** This machine in one network: from the join to leaving, revocation, or the end of the user's token. */
export class JoinedNetwork {
  private held: HeldNetwork | null = null;
  private readonly lastWord: LastWord;
  private readonly states: ForwardStates;
  private peers: readonly Peer[] = [];
  private ending: Ending | null = null;
  private readonly changes = new EventEmitter();
  private readonly lastCodes = new Map<string, string>();
  private readonly engine: FlowEngine;
  private readonly forwards: Forwards;
  private readonly link: BusLink;
  private readonly renewal: Renewal<LocalCredentials>;
  private readonly source: Extract<FlowSource, { kind: 'local' }>;

  private constructor(
    private readonly ports: JoinPorts,
    keys: MemberKeys,
    private credentials: LocalCredentials,
    private readonly mesh: StartedMeshMember,
  ) {
    const { nodeId, user, networkId } = credentials;
    this.source = { kind: 'local', user, node: nodeId };
    this.lastWord = new LastWord(networkId, credentials.issuedAt);
    this.engine = createFlowEngine({
      agentId: null,
      localSource: this.source,
      admitsLocal: () => true,
      mesh,
      sandboxes: { sourceOf: () => null, addressOf: () => null, isPaused: () => false },
      forbiddenTargets: [],
      limits: LIMITS,
      isFresh: () => this.isServed(),
      requestSync: (_network, version) =>
        this.link.requestSync({ protocol: BUS_PROTOCOL, networkId, have: version - 1 }),
      newFlowId: () => parseFlowId(randomBytes(16).toString('hex'), 'flow id'),
      record: (record) => this.recorded(record),
    });
    this.forwards = new Forwards((socket, { alias, port }) =>
      this.engine.acceptClient(socket, { networkId, alias, port, address: FORWARD_ADDRESS }),
    );
    this.states = new ForwardStates({
      forwards: () => this.forwards.list(),
      look: async ({ alias, port }, signal) =>
        lookOf(await this.engine.probe({ networkId, alias, port, source: this.source }, signal)),
      surroundings: (forward) => this.surroundings(forward),
      connections: ({ alias, port }) =>
        this.engine.flows().filter((flow) => flow.alias === alias && flow.port === port).length,
      heardAt: () => this.lastWord.heardAt,
      now: ports.now,
      changed: ports.changed,
    });
    const receiver = new TopologyReceiver({
      recipient: localNodeRecipient(nodeId),
      topologyKey: () => this.credentials.snapshotPublicKey,
      applier: {
        take: (held) => this.take(held),
        held: (id) => (id === networkId ? this.held : null),
        epoch: () => this.held?.epoch ?? null,
      },
      acknowledgeAgain: () => this.acknowledge(null, []),
      reportRefusal: (message) => this.link.acknowledge(message),
      counted: (status, code) => {
        if (status === 'refused') ports.log('topology refused', { code });
      },
      now: ports.now,
    });
    this.link = new BusLink({
      nodeId,
      credentials: () => this.credentials,
      nkeySeed: keys.nkeySeed,
      receiver,
      mesh: () => this.meshState(),
      held: () => (this.held === null ? [] : [versionOf(this.held)]),
      peers: (peers) => {
        this.peers = peers;
        mesh.setPeers(peers);
      },
      inContact: (reply) => this.lastWord.heard(reply, this.held, ports.now()),
      diagnose: (message) => runLocalChecks(this.diagnosed(), message),
      disconnected: () => this.renewal.now(),
      fault: ({ kind, subject, detail }) =>
        ports.log('bus message dropped or refused', { kind, subject, detail: String(detail) }),
    });
    this.renewal = new Renewal(credentials, RENEWAL_PACE, {
      renew: () => issuedFor(ports, keys),
      renewed: async (renewed) => {
        this.credentials = renewed;
        mesh.setCredentials(meshCredentials(renewed, keys));
        await this.link.reconnect();
        ports.changed();
      },
      failed: (error) => {
        const ending = endingOf(error);
        if (ending === null) ports.log('not renewed yet', { error: String(error) });
        else void this.end(ending);
        return ending === null ? 'try again' : 'give up';
      },
      now: ports.now,
    });
  }

  /** Errors: those of requestCredentials, MeshNotConfiguredError. */
  static async join(ports: JoinPorts): Promise<JoinedNetwork> {
    const keys = newJoinKeys();
    const credentials = await issuedFor(ports, keys);
    let joined: JoinedNetwork | null = null;
    const mesh = await joinMesh(credentials, {
      credentials: meshCredentials(credentials, keys),
      meshNode: ports.meshNode,
      folder: ports.folder,
      requestKey: (signal) => requestMeshKey(ports.url, ports.token(), credentials.nodeId, signal),
      changed: () => joined?.changed(),
      log: (entry) => ports.log('mesh', { entry }),
    });
    joined = new JoinedNetwork(ports, keys, credentials, mesh);
    return joined;
  }

  private changed(): void {
    this.changes.emit('change');
    this.ports.changed();
    this.link.reportSoon();
  }

  get isJoined(): boolean {
    return this.ending === null;
  }

  /** Resolves once traffic can pass, as far as this machine is concerned, or it is known why not; or at the deadline. */
  async settled(deadlineMs: number): Promise<void> {
    const deadline = AbortSignal.timeout(deadlineMs);
    while (!deadline.aborted && this.isJoined) {
      const { state } = this.mesh.status();
      if (state === 'failed' || (state === 'joined' && this.held !== null)) return;
      await once(this.changes, 'change', { signal: deadline }).catch(() => {});
    }
  }

  /** Resolves once the port is bound, and it is known how it stands; false: it led there already. Error: ForwardRefusedError. */
  async forward(forward: Forward): Promise<boolean> {
    const isNew = await this.forwards.start(forward);
    await this.states.look();
    return isNew;
  }

  /** What `state` says of forwards is found out anew. */
  lookAgain(): Promise<void> {
    return this.isJoined ? this.states.look() : Promise.resolve();
  }

  /** False: no such forward here. */
  stopForward(localPort: number): boolean {
    return this.forwards.stop(localPort);
  }

  hasForward(localPort: number): boolean {
    return this.forwards.list().some((forward) => forward.localPort === localPort);
  }

  /** Ends here, and then tells the control plane, which may not answer: the credentials end by themselves. */
  async leave(): Promise<void> {
    if (!this.isJoined) return;
    await this.end({ code: 'LEFT', message: 'this machine left the network', remedy: null });
    await requestLeave(this.ports.url, this.ports.token(), this.credentials.nodeId).catch((error: unknown) =>
      this.ports.log('not told that this machine left', { error: String(error) }),
    );
  }

  /** As leave, without a word to the control plane. Traffic first, then the mesh, then the bus. */
  async end(ending: Ending): Promise<void> {
    if (this.ending !== null) return;
    this.endedForwards = this.forwards.list().map((forward) => ({
      ...forward,
      state: 'ended',
      reason: ending.message,
      lastKnown: null,
      connections: 0,
    }));
    this.ending = ending;
    this.ports.log('ended', { ...ending });
    this.forwards.close();
    await this.engine.close();
    await this.states.close();
    await this.mesh.close();
    this.ports.changed();
    await this.link.close();
    void this.renewal.close();
  }

  private endedForwards: readonly ForwardState[] = [];

  state(): JoinedNetworkState {
    const { ending, credentials, held } = this;
    return joinedState({
      ...{ ending, credentials, held },
      forwards: ending === null ? this.states.list() : this.endedForwards,
      network: this.ports.network,
      currency: this.lastWord.judge(held, this.ports.now()),
      lastContactAt: this.lastWord.heardAt,
      transport: this.mesh.transport,
      mesh: this.mesh.status(),
      bus: this.link.status(),
    });
  }

  private surroundings({ alias, port }: Forward): Omit<Surroundings, 'seen'> {
    return {
      network: this.ports.network,
      source: this.source,
      view: this.engine.view(this.credentials.networkId),
      isServed: this.isServed(),
      mesh: this.meshState(),
      currency: this.lastWord.judge(this.held, this.ports.now()),
      lastCode: this.lastCodes.get(`${alias}:${port}`) ?? null,
    };
  }

  private recorded({ outcome, code, alias, port, flowId }: FlowRecord): void {
    this.ports.log('flow', { outcome, code, alias, port, flowId });
    if (outcome === 'opened') this.lastCodes.delete(`${alias}:${port}`);
    if (outcome === 'refused') this.lastCodes.set(`${alias}:${port}`, code);
  }

  private take(held: HeldNetwork): void {
    const from = this.held?.snapshot.version ?? null;
    this.held = held;
    const { networkId, participates, version, name } = held.snapshot;
    const flowsCut = this.engine.apply(networkId, participates ? viewOf(held.snapshot) : null);
    this.ports.log('version applied', { network: name, version, flowsCut: flowsCut.length });
    this.acknowledge(from, flowsCut);
    this.changes.emit('change');
    this.ports.changed();
    if (!participates) {
      void this.end({
        code: 'NETWORK_DELETED',
        message: `network ${name} was deleted`,
        remedy: 'gstacks network list',
      });
    }
  }

  private acknowledge(from: number | null, flowsCut: AppliedMessage['flowsCut']): void {
    if (this.held === null) return;
    const { epoch, hash, signature, snapshot } = this.held;
    this.link.acknowledge({
      protocol: BUS_PROTOCOL,
      epoch,
      networkId: snapshot.networkId,
      from,
      to: snapshot.version,
      hash,
      signature,
      outcome: 'applied',
      code: null,
      message: null,
      aliasFailures: [],
      flowsCut,
      appliedAt: this.ports.now().toISOString(),
    });
  }

  /** The certificate ends long before most networks' bound; whichever is first closes the door. */
  private isServed(): boolean {
    const now = this.ports.now().getTime();
    const boundMs = (this.held?.snapshot.maxStalenessSeconds ?? 0) * 1_000;
    return now < this.credentials.expiresAt.getTime() && now - this.lastWord.heardAt.getTime() < boundMs;
  }

  private diagnosed(): DiagnosedNode {
    return {
      mesh: this.meshState(),
      certificate: this.credentials.certificate,
      now: this.ports.now(),
      held: this.held,
      view: this.engine.view(this.credentials.networkId),
      source: this.source,
      probe: (question, signal) => this.engine.probe(question, signal),
      endpointsOf: (agentId) => this.peers.find((peer) => peer.agentId === agentId)?.endpoints ?? [],
    };
  }

  private meshState(): MeshState {
    return { transport: this.mesh.transport, ...this.mesh.status() };
  }
}
