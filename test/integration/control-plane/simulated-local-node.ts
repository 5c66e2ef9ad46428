import type { Bus, BusCredentials } from '#libs/bus/bus.js';
import { connectBus } from '#libs/bus/nats-bus.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import {
  CONTROL_PLANE_INBOX_PREFIX,
  localNodeInboxPrefix,
  localNodeSubject,
  type ToLocalNode,
} from '#libs/contracts/bus/subjects.js';
import { type LocalNodeId, parseLocalNodeId } from '#libs/contracts/ids.js';
import { joinBody, newKeys } from './joining.js';
import type { TestControlPlane } from './setup.js';

/**
 * A developer's machine that has joined and is connected with its own credentials; it sends only what a test tells it
 * to.
 */
export class SimulatedLocalNode {
  private constructor(
    readonly nodeId: LocalNodeId,
    readonly credentials: BusCredentials,
    private readonly bus: Bus,
  ) {}

  static async join(controlPlane: TestControlPlane, network: string, user: string): Promise<SimulatedLocalNode> {
    const keys = await newKeys();
    const created = await controlPlane.call('POST', '/v1/tokens', { user, role: 'operator', expiresInSeconds: 600 });
    const authorization = `Bearer ${String(created.body.token)}`;
    const path = `/v1/networks/${network}/local-nodes`;
    const answer = await controlPlane.call('POST', path, joinBody(network, keys, 'laptop'), { authorization });
    if (answer.status !== 201) throw new Error(`not joined: ${answer.text}`);
    const nodeId = parseLocalNodeId(answer.body.nodeId, 'nodeId');
    const credentials = { jwt: String(answer.body.busJwt), seed: keys.seed };
    const connected = Promise.withResolvers<void>();
    const bus = connectBus({
      servers: answer.body.busServers as readonly string[],
      name: nodeId,
      inboxPrefix: localNodeInboxPrefix(nodeId),
      replyInbox: () => CONTROL_PLANE_INBOX_PREFIX,
      credentials: () => credentials,
      onStatus: (status) => {
        if (status === 'connected') connected.resolve();
      },
    });
    await connected.promise;
    return new SimulatedLocalNode(nodeId, credentials, bus);
  }

  serve(kind: ToLocalNode, handle: (message: unknown) => Promise<unknown>): void {
    this.bus.serve(localNodeSubject(this.nodeId, kind), handle);
  }

  /** Reports its mesh state. */
  async contact(kind: 'hello' | 'heartbeat', mesh: object, bootId = 'boot-1'): Promise<void> {
    const message = {
      ...{ protocol: BUS_PROTOCOL, bootId, softwareVersion: '0.1.0', driver: 'local', mesh, networks: [] },
      ...(kind === 'heartbeat' ? { acknowledgements: [] } : {}),
    };
    const signal = AbortSignal.timeout(10_000);
    await this.bus.requestUntilAnswered(localNodeSubject(this.nodeId, kind), message, signal);
  }

  close(): Promise<void> {
    return this.bus.close();
  }
}
