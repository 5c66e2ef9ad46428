import { type NetworkId, type NetworkName } from '#libs/contracts/ids.js';
import type { ForwardState } from '#libs/contracts/local-node-requests.js';
import type { FlowEngine, FlowEngineSettings, LocalSource } from '#libs/data-plane/data-plane.js';
import { createFlowEngine } from '#libs/data-plane/flows/engine.js';
import { FlowLog } from '#libs/data-plane/flows/flow-log.js';
import { newFlowId } from '#libs/data-plane/flows/new-flow-id.js';
import type { JoinedMesh } from '#libs/member/join-mesh.js';
import { ForwardStates } from './forward-states.js';
import { FORWARD_ADDRESS, type Forward, Forwards } from './forwards.js';
import type { HeldCopy } from './held-copy.js';
import { LastCodes } from './last-codes.js';
import { lookOf } from './look.js';
import type { Surroundings } from './standing.js';

export interface TrafficPorts {
  readonly network: NetworkName;
  readonly networkId: NetworkId;
  readonly source: LocalSource;
  readonly copy: HeldCopy;
  readonly mesh: JoinedMesh;
  readonly requestSync: FlowEngineSettings['requestSync'];
  readonly log: (event: string, fields: Readonly<Record<string, unknown>>) => void;
  readonly now: () => Date;
  /** Called when the state of a forward changed. */
  readonly changed: () => void;
}

const LIMITS = {
  connectTimeoutMs: 10_000,
  idleTimeoutMs: 3_600_000,
  flowsPerSource: 1_024,
  flows: 1_024,
  syncHoldMs: 2_000,
  deliveryTimeoutMs: 30_000,
};

/** The forwarded ports of this machine for one network, their states, and the flows that arrive by them. */
export class LocalTraffic {
  readonly engine: FlowEngine;
  private readonly lastCodes = new LastCodes();
  private readonly forwards: Forwards;
  private readonly states: ForwardStates;
  /** The last states of the forwards after the end; null: not ended. */
  private ended: readonly ForwardState[] | null = null;

  constructor(private readonly ports: TrafficPorts) {
    const { networkId, source, copy, mesh, requestSync, log, now, changed } = ports;
    const flowLog = new FlowLog({
      // A local node's log has one level, and a line for each connection would fill it.
      detail: () => {},
      refused: ({ flowId, alias, port: asked, code }) => log('flow refused', { flowId, alias, port: asked, code }),
      moreRefused: (_networkId, code, count) => log('more flows refused in the last minute', { code, count }),
    });
    this.engine = createFlowEngine({
      agentId: null,
      localSource: source,
      admitsLocal: () => true,
      mesh: () => mesh.member,
      sandboxes: { sourceOf: () => null, addressOf: () => null, isPaused: () => false },
      forbiddenTargets: [],
      dialOutside: null,
      dialSources: [],
      limits: LIMITS,
      isFresh: () => copy.isServed(),
      requestSync,
      // Nobody asks a developer's machine later what it cut.
      rulesEnded: () => {},
      newFlowId,
      record: (flow) => {
        flowLog.record(flow);
        this.lastCodes.take(flow);
      },
    });
    this.forwards = new Forwards(ports.network, (socket, { alias, port }) =>
      this.engine.acceptClient(socket, { networkId, alias, port, address: FORWARD_ADDRESS }),
    );
    this.states = new ForwardStates({
      forwards: () => this.forwards.list(),
      look: async ({ alias, port }, signal) =>
        lookOf(await this.engine.probe({ networkId, alias, port, source }, signal)),
      surroundings: (forward) => this.surroundings(forward),
      connections: ({ alias, port }) =>
        this.engine.flows().filter((flow) => flow.alias === alias && flow.port === port).length,
      heardAt: () => copy.heardAt,
      now,
      changed,
    });
  }

  /**
   * Forwards a local port to an alias; resolves when the port is open and its state is known. False: it was forwarded
   * there already. Error: ForwardRefusedError.
   */
  async forward(forward: Forward): Promise<boolean> {
    const isNew = await this.forwards.start(forward);
    await this.states.look();
    return isNew;
  }

  /** Resolves when every forward has been probed just now. */
  look(): Promise<void> {
    return this.states.look();
  }

  /** False: there is no such forward here. */
  stopForward(localPort: number): boolean {
    return this.forwards.stop(localPort);
  }

  hasForward(localPort: number): boolean {
    return this.forwards.list().some((forward) => forward.localPort === localPort);
  }

  forwardStates(): readonly ForwardState[] {
    return this.ended ?? this.states.list();
  }

  /** Closes all ports and open flows, with this reason. */
  async end(reason: string): Promise<void> {
    this.ended = this.forwards
      .list()
      .map((forward) => ({ ...forward, state: 'ended', reason, lastKnown: null, connections: 0 }));
    this.forwards.close();
    await this.engine.close();
    await this.states.close();
  }

  private surroundings(forward: Forward): Omit<Surroundings, 'seen'> {
    const { network, networkId, source, copy, mesh } = this.ports;
    return {
      network,
      source,
      view: this.engine.view(networkId),
      isServed: copy.isServed(),
      mesh: mesh.state(),
      currency: copy.currency(),
      lastCode: this.lastCodes.of(forward),
    };
  }
}
