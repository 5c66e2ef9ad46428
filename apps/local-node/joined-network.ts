import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { localNodeRecipient } from '#libs/contracts/bus/subjects.js';
import type { JoinedNetworkState } from '#libs/contracts/local-node-requests.js';
import { type HeldNetwork, versionOf } from '#libs/data-plane/topology/held-network.js';
import { TopologyReceiver } from '#libs/data-plane/topology/receiver.js';
import { Acknowledgements } from '#libs/member/acknowledgements.js';
import { AdmittedPeers } from '#libs/member/admitted-peers.js';
import { ControlPlaneLink } from '#libs/member/control-plane-link.js';
import { meshCredentials } from '#libs/member/credentials.js';
import { type JoinedMesh, joinMesh } from '#libs/member/join-mesh.js';
import type { MemberKeys } from '#libs/member/keys.js';
import { localNodeAddress, MemberBus } from '#libs/member/member-bus.js';
import { OfferedKeys, trustedKeysOf, withPinnedKeys } from '#libs/member/pinned-keys.js';
import { Refusals } from '#libs/member/refusals.js';
import { Renewal } from '#libs/member/renewal.js';
import { SyncRequests } from '#libs/member/sync-requests.js';
import { shortMeshLog } from '#libs/mesh/short-log.js';
import { RELEASE } from '#libs/program/release.js';
import { applyHere } from './apply-here.js';
import { runLocalChecks } from './checks.js';
import { type LocalCredentials, requestLeave, requestMeshKey } from './control-plane-api.js';
import type { Forward } from './forwards.js';
import { HeldCopy } from './held-copy.js';
import { type Asker, issuedFor } from './issued.js';
import { type Ending, endingOf, joinedState, meshMoved } from './joined-state.js';
import { newJoinKeys } from './keys.js';
import { LocalTraffic } from './local-traffic.js';
import { MESH_FOLDER_PREFIX, meshWayOf } from './mesh.js';

export interface JoinPorts extends Asker {
  /** The mesh-node program. */
  readonly meshNode: string;
  /** This machine's own folder. */
  readonly folder: string;
  readonly log: (event: string, fields: { readonly [key: string]: unknown }) => void;
  /** Called when `state` changed. */
  readonly changed: () => void;
}

const RENEWAL_PACE = { lookEveryMs: 5_000, firstRetryMs: 500, longestRetryMs: 10_000 };

/** `change`: of the mesh, or of the topology held. */
type Changes = EventEmitter<{ mesh: []; change: [] }>;

/** This machine's membership in one network, from the join until it leaves, is revoked, or its user's token ends. */
export class JoinedNetwork {
  private ending: Ending | null = null;
  private readonly bus: MemberBus;
  private readonly acknowledgements: Acknowledgements;
  private readonly refusals: Refusals;
  private readonly copy: HeldCopy;
  private readonly traffic: LocalTraffic;
  private readonly link: ControlPlaneLink;
  private readonly renewal: Renewal<LocalCredentials>;

  /** Errors: those of requestCredentials, MeshNotConfiguredError. */
  static async join(ports: JoinPorts): Promise<JoinedNetwork> {
    const keys = newJoinKeys();
    const credentials = await issuedFor(ports, keys);
    const { nodeId } = credentials;
    const changes: Changes = new EventEmitter();
    const mesh = await joinMesh(meshWayOf(credentials, ports.meshNode), {
      owner: { kind: 'local', id: nodeId },
      credentials: meshCredentials(credentials, keys),
      listens: false,
      stateFolder: join(ports.folder, `${MESH_FOLDER_PREFIX}${nodeId}`),
      isEphemeral: true,
      requestKey: (signal) => requestMeshKey(ports.url, ports.token(), nodeId, signal),
      changed: () => void changes.emit('mesh'),
      log: shortMeshLog(
        (entry) => ports.log('mesh', { entry }),
        (code, peer, count) => ports.log('more mesh errors of this kind in the last minute', { code, peer, count }),
      ),
    });
    return new JoinedNetwork(ports, keys, credentials, mesh, changes);
  }

  private constructor(
    private readonly ports: JoinPorts,
    keys: MemberKeys,
    private credentials: LocalCredentials,
    private readonly mesh: JoinedMesh,
    private readonly changes: Changes,
  ) {
    const { log, now } = ports;
    const { nodeId, user, networkId } = credentials;
    const source = { kind: 'local', user, node: nodeId } as const;

    // The connection to the bus, and the messages that this machine sends over it.
    this.bus = new MemberBus({
      address: localNodeAddress(nodeId),
      credentials: () => this.credentials,
      nkeySeed: keys.nkeySeed,
      fault: ({ kind, subject, detail }) => log('a bus message was dropped', { kind, subject, detail: String(detail) }),
    });
    this.acknowledgements = new Acknowledgements({
      deliver: async (message, signal) => void (await this.bus.deliverApplied(message, signal)),
      failed: ({ to }, error) =>
        log('an applied version is not acknowledged yet; trying again', { to, error: String(error) }),
    });
    this.refusals = new Refusals(
      async (message, signal) => void (await this.bus.deliverApplied(message, signal)),
      ({ to }, error) =>
        log('the refusal of a version could not be reported to the control plane', { to, error: String(error) }),
    );

    // The held copy of the network, and the traffic by it.
    this.copy = new HeldCopy(() => this.credentials, now);
    const syncs = new SyncRequests({
      held: this.copy.networks,
      request: (message) => this.bus.requestSync(message),
      failed: () => {
        // The flow that asked is then decided by the version held.
      },
    });
    const admitted = new AdmittedPeers();
    admitted.admitTo(mesh.member, null);
    this.traffic = new LocalTraffic({
      ...{ networkId, source, mesh, now },
      network: ports.network,
      copy: this.copy,
      requestSync: (id, version) => syncs.ask(id, version),
      log,
      changed: ports.changed,
    });

    // Messages from the control plane, and contact with it.
    const { copy, acknowledgements } = this;
    const { engine } = this.traffic;
    const applied = (held: HeldNetwork, flowsCut: number): void => this.applied(held, flowsCut);
    const receiver = new TopologyReceiver({
      recipient: localNodeRecipient(nodeId),
      topologyKeys: () => this.credentials.snapshotKeys,
      held: copy.networks,
      take: (held) => applyHere(held, { copy, engine, acknowledgements, now, applied }),
      acknowledgeAgain: () => acknowledgements.repeat(networkId),
      reportRefusal: (message) => this.refusals.report(message),
      answered: ({ status, code, message: reason }, version) => {
        if (status === 'refused') log('refused a version of the network', { version: version?.to, code, reason });
        // As at an agent: the key may have been replaced.
        if (code === 'SIGNATURE_INVALID') this.link.reportSoon();
      },
      now,
    });
    const bootId = randomUUID();
    const offeredKeys = new OfferedKeys();
    this.link = new ControlPlaneLink(this.bus, {
      hello: () => ({
        protocol: BUS_PROTOCOL,
        bootId,
        softwareVersion: RELEASE,
        driver: 'local',
        mesh: mesh.state(),
        keys: trustedKeysOf(this.credentials),
        networks: copy.networks.all().map(versionOf),
      }),
      ...{ acknowledgements, receiver, admitted, syncs },
      diagnose: (message) =>
        runLocalChecks(
          {
            mesh: mesh.state(),
            certificate: this.credentials.certificate,
            now: now(),
            held: copy.current,
            view: engine.view(networkId),
            source,
            probe: (question, signal) => engine.probe(question, signal),
            endpointsOf: (agentId) => admitted.endpointsOf(agentId),
          },
          message,
        ),
      answered: (reply) => {
        copy.heard(reply);
        if (offeredKeys.areNews(reply.keys, this.credentials)) this.renewal.now();
      },
      unanswered: () => {
        // `state` shows when the control plane last answered.
      },
    });
    this.bus.onStatus(() => {
      changes.emit('change');
      ports.changed();
    });
    changes.on('mesh', () => {
      changes.emit('change');
      ports.changed();
      this.link.reportSoon();
    });

    this.renewal = new Renewal(credentials, RENEWAL_PACE, {
      renew: async (current) => {
        const { credentials: pinned, refused } = withPinnedKeys(current, await issuedFor(ports, keys));
        for (const { code, message } of refused) log(message, { code });
        return pinned;
      },
      renewed: async (renewed) => {
        const moved = meshMoved(ports.network, this.credentials, renewed);
        if (moved !== null) return void this.endAndTell(moved);
        this.credentials = renewed;
        mesh.member.setCredentials(meshCredentials(renewed, keys));
        await this.bus.reconnect();
        ports.changed();
      },
      failed: (error) => {
        const ending = endingOf(error);
        if (ending === null) log('the credentials could not be renewed; trying again', { error: String(error) });
        else void this.end(ending);
        return ending === null ? 'try again' : 'give up';
      },
      now,
    });
    // The server closes the connection of a revoked machine; the answer to a renewal shows whether it was revoked.
    this.bus.onLost(() => this.renewal.now());
  }

  get isJoined(): boolean {
    return this.ending === null;
  }

  /**
   * Resolves once this machine can pass traffic, once the reason why not is known, or at the deadline. `isFirst`: a
   * fault of the bus is of now; after a change of settings it may be an earlier one.
   */
  async settled(deadlineMs: number, isFirst = true): Promise<void> {
    const deadline = AbortSignal.timeout(deadlineMs);
    while (!deadline.aborted && this.isJoined) {
      const { state } = this.mesh.state();
      if (state === 'failed' || (state === 'joined' && this.copy.current !== null)) return;
      if (isFirst && this.bus.fault() !== null) return;
      await once(this.changes, 'change', { signal: deadline }).catch(() => {});
    }
  }

  /** As LocalTraffic.forward. */
  forward(forward: Forward): Promise<boolean> {
    return this.traffic.forward(forward);
  }

  /** Probes all forwards again; `state` shows the result. */
  lookAgain(): Promise<void> {
    return this.isJoined ? this.traffic.look() : Promise.resolve();
  }

  /** False: there is no such forward here. */
  stopForward(localPort: number): boolean {
    return this.traffic.stopForward(localPort);
  }

  hasForward(localPort: number): boolean {
    return this.traffic.hasForward(localPort);
  }

  /** Ends here first, then tells the control plane. If that does not answer, the credentials expire by themselves. */
  leave(): Promise<void> {
    return this.endAndTell({ code: 'LEFT', message: 'this machine left the network', remedy: null });
  }

  private async endAndTell(ending: Ending): Promise<void> {
    if (!this.isJoined) return;
    await this.end(ending);
    await requestLeave(this.ports.url, this.ports.token(), this.credentials.nodeId).catch((error: unknown) =>
      this.ports.log(
        'the control plane could not be told that this machine left; the credentials expire by themselves',
        { error: String(error) },
      ),
    );
  }

  state(): JoinedNetworkState {
    const { ending, credentials, copy, mesh } = this;
    return joinedState({
      ...{ ending, credentials },
      held: copy.current,
      forwards: this.traffic.forwardStates(),
      network: this.ports.network,
      currency: copy.currency(),
      lastContactAt: copy.heardAt,
      mesh: mesh.state(),
      bus: this.bus.status(),
      busFault: this.bus.fault(),
    });
  }

  private applied({ snapshot }: HeldNetwork, flowsCut: number): void {
    const { name, version, participates } = snapshot;
    this.ports.log('version applied', { network: name, version, flowsCut });
    this.changes.emit('change');
    this.ports.changed();
    if (participates) return;
    const remedy = 'gstacks network list';
    void this.end({ code: 'NETWORK_DELETED', message: `network ${name} was deleted`, remedy });
  }

  exiting(): void {
    this.traffic.engine.resetAll();
  }

  /** As leave, without telling the control plane. Ends traffic first, then the mesh, then the bus. */
  private async end(ending: Ending): Promise<void> {
    if (this.ending !== null) return;
    const ended = this.traffic.end(ending.message);
    this.ending = ending;
    this.ports.log('ended', { ...ending });
    await ended;
    await this.mesh.member.close();
    this.changes.emit('change');
    this.ports.changed();
    await this.link.close();
    await this.acknowledgements.close();
    await this.refusals.close();
    await this.bus.close();
    void this.renewal.close();
  }
}
