import { type IncomingFlow, type MeshCredentials, type MeshFlow, type MeshIdentity } from '#libs/mesh/flow.js';
import type { MeshLogEntry } from '#libs/mesh/log.js';
import { type MeshMemberSettings, type StartedMeshMember, startMeshMember } from '#libs/mesh/mesh-member.js';
import type { Transport } from '#libs/mesh/transport.js';
import { agent, agentIdentity, flowRequest, peerNamed, TestStore } from '#test/support/mesh-store.js';
import { waitFor } from '#test/support/wait.js';

/** A transport by the name of its node: the same name gets the same endpoint again. */
export type TransportFactory = (nodeName: string) => Promise<Transport>;

/** Resolves once the transport's node is in the mesh. */
export function joined(transport: Transport): Promise<boolean> {
  return waitFor('the node has joined', () => transport.status().state === 'joined', 20_000);
}

export const never = () => new AbortController().signal;

export interface TestNode extends StartedMeshMember {
  readonly name: string;
  readonly log: readonly MeshLogEntry[];
  /** Flows that peers asked for and that have no answer yet. */
  readonly waiting: IncomingFlow[];
  /** Connections that its transport opened to peers. */
  dials(): number;
  /** How many of those are open. */
  connections(): number;
  /** Connects to the other by the transport alone, once: neither side authenticates, and nothing is counted. */
  reach(other: TestNode): Promise<void>;
}

type Overrides = Partial<Omit<MeshMemberSettings, 'log'>> & {
  readonly identity?: MeshIdentity;
  /** False: nobody handles the flows that peers ask for. */
  readonly listening?: boolean;
};

/** The nodes of one test, closed together. */
export class TestMesh {
  private readonly nodes: StartedMeshMember[] = [];
  private readonly transports: Transport[] = [];
  private diallersNamed = 0;

  constructor(
    private readonly newTransport: TransportFactory,
    readonly store: TestStore,
  ) {}

  static async create(newTransport: TransportFactory): Promise<TestMesh> {
    return new TestMesh(newTransport, await TestStore.create('store-1'));
  }

  async start(name: string, overrides: Overrides = {}): Promise<TestNode> {
    const { identity = agentIdentity(name), listening = true, ...settings } = overrides;
    const log: MeshLogEntry[] = [];
    const waiting: IncomingFlow[] = [];
    const transport = settings.transport ?? (await this.newTransport(name));
    let dials = 0;
    let connections = 0;
    const counted: Transport = {
      kind: transport.kind,
      dial: async (endpoint, signal) => {
        dials += 1;
        const connection = await transport.dial(endpoint, signal);
        connections += 1;
        return connection.once('close', () => {
          connections -= 1;
        });
      },
      listen: (handle) => transport.listen(handle),
      join: () => transport.join(),
      status: () => transport.status(),
      onStatus: (listener) => transport.onStatus(listener),
      expect: (endpoints) => transport.expect(endpoints),
      close: () => transport.close(),
    };
    const credentials: MeshCredentials = settings.credentials ?? (await this.store.credentials(identity));
    const node = await startMeshMember({
      ...settings,
      credentials,
      transport: counted,
      log: (entry) => log.push(entry),
    });
    if (listening) node.onFlow((flow) => waiting.push(flow));
    this.nodes.push(node);
    await joined(transport);
    const reach = async ({ endpoints: [endpoint = ''] }: TestNode) => {
      const connection = await transport.dial(endpoint, never());
      connection.on('error', () => undefined).destroy();
    };
    return Object.assign(node, { name, log, waiting, dials: () => dials, connections: () => connections, reach });
  }

  /** `host-a` and `host-b`, which know each other; the suffix makes a second pair beside the first. */
  async pair(
    overrides: { readonly a?: Overrides; readonly b?: Overrides } = {},
    suffix = '',
  ): Promise<[TestNode, TestNode]> {
    const b = await this.start(`host-b${suffix}`, overrides.b);
    const a = await this.start(`host-a${suffix}`, overrides.a);
    introduce(a, b);
    introduce(b, a);
    return [a, b];
  }

  /** A transport that only dials, for connections that belong to no node. */
  async dialler(): Promise<Transport> {
    this.diallersNamed += 1;
    const transport = await this.newTransport(`dialler-${this.diallersNamed}`);
    this.transports.push(transport);
    await transport.join();
    await joined(transport);
    return transport;
  }

  /** A transport that accepts connections and never sends a byte on them. */
  async silent(): Promise<Transport> {
    const transport = await this.newTransport('silent');
    this.transports.push(transport);
    await transport.listen((connection) => void connection.on('error', () => undefined).resume());
    await joined(transport);
    return transport;
  }

  async close(): Promise<void> {
    await Promise.all([...this.nodes, ...this.transports].map((each) => each.close()));
  }
}

export function introduce(node: TestNode, peer: TestNode): void {
  node.setPeers([peerNamed(peer.name, peer.endpoints)]);
}

export async function open(from: TestNode, to: TestNode, signal = never()): Promise<MeshFlow> {
  const flow = await from.open(agent(to.name), flowRequest(), signal);
  return flow.on('error', () => undefined); // closing the mesh resets what is open
}

/** Both ends of a new flow. */
export async function flowBetween(from: TestNode, to: TestNode): Promise<[MeshFlow, MeshFlow]> {
  const request = flowRequest();
  const asked = from.open(agent(to.name), request, never());
  asked.catch(() => undefined);
  const incoming = await waitFor('the flow is asked for', () => {
    const index = to.waiting.findIndex((flow) => flow.request.flowId === request.flowId);
    return index >= 0 && to.waiting.splice(index, 1)[0];
  });
  const target = incoming.accept(8);
  const source = await asked;
  for (const flow of [source, target]) flow.on('error', () => undefined); // closing the mesh resets what is open
  return [source, target];
}
