import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type AgentId, parseAgentId, parseAliasName, parseFlowId, parseSandboxId } from '#libs/contracts/ids.js';
import type {
  FlowEngine,
  FlowEngineSettings,
  FlowLimits,
  FlowRecord,
  ProxyListeners,
  Route,
} from '#libs/data-plane/data-plane.js';
import { createFlowEngine, type FlowEngineSeams } from '#libs/data-plane/flows/engine.js';
import { createProxyListeners } from '#libs/data-plane/proxy/listeners.js';
import type { MeshMember } from '#libs/mesh/flow.js';
import type { NetworkView } from '#libs/policy/model.js';
import { createMeshPair } from '#test/support/mesh-pair.js';
import { networkView, TEST_NETWORK, type ViewText } from '#test/support/network-view.js';
import { freePort } from '#test/support/ports.js';
import { startRealMeshPair } from '#test/support/real-mesh.js';

export const HOST_A: AgentId = parseAgentId('host-a', 'agent');
export const HOST_B: AgentId = parseAgentId('host-b', 'agent');
const WEB_ADDRESS = '127.88.0.2';
const PROXY_ADDRESS = '127.88.1.1';
const ADDRESSES: ReadonlyMap<string, string> = new Map([
  ['sbx-web', WEB_ADDRESS],
  ['sbx-api', '127.0.0.1'],
]);
const newFlowId = () => parseFlowId(randomBytes(16).toString('hex'), 'flow id');

export const LIMITS: FlowLimits = {
  connectTimeoutMs: 5_000,
  idleTimeoutMs: 60_000,
  flowsPerSource: 1_000,
  flows: 10_000,
  syncHoldMs: 300,
  deliveryTimeoutMs: 10_000,
};

export interface RigOptions {
  /** The place of sbx-api: with sbx-web, or on the other host. */
  readonly target: 'same host' | 'other host';
  readonly limits?: Partial<FlowLimits>;
  /** Like limits, at only one of the hosts. */
  readonly limitsAt?: { readonly [agentId: string]: Partial<FlowLimits> };
  readonly serve: (socket: Socket) => void;
  readonly seams?: FlowEngineSeams;
  /** Like seams, at only one of the hosts. */
  readonly seamsAt?: { readonly [agentId: string]: FlowEngineSeams };
  readonly admitsLocal?: FlowEngineSettings['admitsLocal'];
  /** The identity of every client, as on a developer's machine; otherwise clients are sandboxes, by their addresses. */
  readonly localSource?: FlowEngineSettings['localSource'];
  readonly isPaused?: () => boolean;
  readonly isFresh?: () => boolean;
  readonly isFreshAt?: (agentId: AgentId) => boolean;
  readonly rulesEnded?: (agentId: AgentId) => void;
  /** Between the hosts: streams in memory by default. */
  readonly mesh?: 'memory' | 'real';
}

/** The place of the target, and the link to it. */
export const PATHS = [
  { name: 'on the same host', target: 'same host', mesh: 'memory' },
  { name: 'on another host', target: 'other host', mesh: 'memory' },
  { name: 'on another host, over TLS and HTTP/2', target: 'other host', mesh: 'real' },
] as const;
export type Path = (typeof PATHS)[number];

/** sbx-web on host-a dials `api`, which sbx-api publishes; a server acts as sbx-api. */
export class FlowRig {
  readonly clients: Socket[] = [];

  private constructor(
    readonly options: RigOptions,
    readonly hostA: FlowEngine,
    readonly hostB: FlowEngine,
    readonly records: FlowRecord[],
    readonly listeners: ProxyListeners,
    readonly route: Route,
    readonly server: Server,
    readonly targets: Socket[],
    readonly syncs: readonly { readonly at: AgentId; readonly version: number }[],
    private readonly meshes: readonly MeshMember[],
  ) {}

  static async start(options: RigOptions): Promise<FlowRig> {
    const records: FlowRecord[] = [];
    const targets: Socket[] = [];
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      targets.push(socket);
      socket.on('error', () => {});
      options.serve(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const meshes = options.mesh === 'real' ? await startRealMeshPair(HOST_A, HOST_B) : createMeshPair(HOST_A, HOST_B);
    const [meshA, meshB] = meshes;
    const syncs: { at: AgentId; version: number }[] = [];
    const settings = (agentId: AgentId, mesh: MeshMember): FlowEngineSettings => ({
      agentId,
      localSource: options.localSource ?? null,
      admitsLocal: options.admitsLocal ?? (() => false),
      mesh: () => mesh,
      sandboxes: {
        isPaused: () => options.isPaused?.() ?? false,
        sourceOf: (remote) => (remote === WEB_ADDRESS ? parseSandboxId('sbx-web', 'sandbox') : null),
        addressOf: (sandboxId) => ADDRESSES.get(sandboxId) ?? null,
      },
      forbiddenTargets: [],
      dialOutside: null,
      dialSources: [],
      limits: { ...LIMITS, ...options.limits, ...options.limitsAt?.[agentId] },
      isFresh: () => options.isFreshAt?.(agentId) ?? options.isFresh?.() ?? true,
      requestSync: (_network, version) => syncs.push({ at: agentId, version }),
      rulesEnded: () => options.rulesEnded?.(agentId),
      newFlowId,
      record: (record) => records.push(record),
    });
    const hostA = createFlowEngine(settings(HOST_A, meshA), { ...options.seams, ...options.seamsAt?.[HOST_A] });
    const hostB = createFlowEngine(settings(HOST_B, meshB), { ...options.seams, ...options.seamsAt?.[HOST_B] });
    meshB.onFlow((flow) => hostB.acceptPeer(flow));
    meshB.onProbe((probe) => hostB.acceptProbe(probe));
    const listeners = createProxyListeners(
      (socket, route) => hostA.acceptClient(socket, route),
      (route, error) => {
        throw new Error(`${route.address}:${route.port}`, { cause: error });
      },
    );
    const route: Route = {
      networkId: TEST_NETWORK,
      alias: parseAliasName('api', 'alias'),
      address: PROXY_ADDRESS,
      port: await freePort(),
    };
    const failures = await listeners.open([route]);
    if (failures[0] !== undefined) throw new Error(failures[0].message);
    return new FlowRig(options, hostA, hostB, records, listeners, route, server, targets, syncs, meshes);
  }

  readonly newFlowId = newFlowId;

  get targetPort(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The network at a version, with sbx-web allowed to reach `api` or not. */
  view(version: number, changes: Partial<ViewText> = {}): NetworkView {
    return networkView({
      version,
      sandboxes: { 'sbx-web': 'host-a', 'sbx-api': this.options.target === 'same host' ? 'host-a' : 'host-b' },
      aliases: { api: { sandbox: 'sbx-api', ports: [`${this.route.port}:${this.targetPort}`] } },
      allow: [`sandbox:sbx-web api ${this.route.port}`],
      ...changes,
    });
  }

  denyingView(version: number): NetworkView {
    return this.view(version, { deny: [`sandbox:sbx-web api ${this.route.port}`] });
  }

  /** Applies at both hosts; the ids of the flows cut, each once. */
  apply(view: NetworkView): readonly string[] {
    return [...new Set([...this.hostA.apply(TEST_NETWORK, view), ...this.hostB.apply(TEST_NETWORK, view)])];
  }

  /** A connection of sbx-web, or of the client with that address. */
  connect(localAddress = WEB_ADDRESS): Socket {
    const { address, port } = this.route;
    const socket = connect({ host: address, port, localAddress, allowHalfOpen: true, noDelay: true });
    socket.on('error', () => {});
    this.clients.push(socket);
    return socket;
  }

  async close(): Promise<void> {
    for (const socket of [...this.clients, ...this.targets]) socket.destroy();
    await this.listeners.close();
    await Promise.all([this.hostA.close(), this.hostB.close()]);
    await Promise.all(this.meshes.map((node) => node.close()));
    this.server.close();
    await once(this.server, 'close');
  }
}

/** How a connection ended at this socket: `end` if its bytes ended cleanly, otherwise the error's code. */
export function outcomeOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('end', () => resolve('end'));
    socket.once('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    socket.once('close', () => resolve('closed'));
    socket.resume();
  });
}
