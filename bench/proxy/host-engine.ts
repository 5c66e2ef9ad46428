import { parseAgentId, parseAliasName, parseSandboxId } from '#libs/contracts/ids.js';
import type { FlowEngine, ProxyListeners, Route } from '#libs/data-plane/data-plane.js';
import { dialSources } from '#libs/data-plane/flows/dial-sources.js';
import { createFlowEngine } from '#libs/data-plane/flows/engine.js';
import { newFlowId } from '#libs/data-plane/flows/new-flow-id.js';
import { createProxyListeners } from '#libs/data-plane/proxy/listeners.js';
import type { MeshMember } from '#libs/mesh/flow.js';
import { networkView, TEST_NETWORK } from '#test/support/network-view.js';

/** The host of sbx-web, and that of sbx-api, which may be the same. */
export type HostName = 'host-a' | 'host-b';

/** Where clients reach sbx-api, the backend at this port of the loopback address, which is on a host. */
export interface BackendPlace {
  readonly port: number;
  readonly backend: number;
  readonly on: HostName;
}

/** The flows of one host, by the policy that lets sbx-web reach sbx-api. `mesh`: null, if both are on this host. */
export function createHostEngine(host: HostName, place: BackendPlace, mesh: MeshMember | null): FlowEngine {
  const engine = createFlowEngine({
    agentId: parseAgentId(host, 'agent'),
    localSource: null,
    admitsLocal: () => false,
    mesh: () => mesh,
    sandboxes: {
      isPaused: () => false,
      sourceOf: () => parseSandboxId('sbx-web', 'sandbox'),
      addressOf: () => '127.0.0.1',
    },
    forbiddenTargets: [],
    dialOutside: null,
    dialSources: dialSources('127.77.0.0/16', 64),
    limits: {
      connectTimeoutMs: 5_000,
      idleTimeoutMs: 60_000,
      flowsPerSource: 10_000,
      flows: 10_000,
      syncHoldMs: 2_000,
      deliveryTimeoutMs: 30_000,
    },
    isFresh: () => true,
    requestSync: () => undefined,
    rulesEnded: () => {},
    newFlowId,
    record: () => undefined,
  });
  engine.apply(
    TEST_NETWORK,
    networkView({
      version: 1,
      sandboxes: { 'sbx-web': 'host-a', 'sbx-api': place.on },
      aliases: { api: { sandbox: 'sbx-api', ports: [`${place.port}:${place.backend}`] } },
      allow: [`sandbox:sbx-web api ${place.port}`],
    }),
  );
  return engine;
}

/** Takes sbx-web's connections at the place's port of the loopback address. */
export async function listenFor(engine: FlowEngine, { port }: BackendPlace): Promise<ProxyListeners> {
  const listeners = createProxyListeners(
    (socket, route) => engine.acceptClient(socket, route),
    (_route, error) => {
      throw error;
    },
  );
  const route: Route = { networkId: TEST_NETWORK, alias: parseAliasName('api', 'alias'), address: '127.0.0.1', port };
  const [failure] = await listeners.open([route]);
  if (failure !== undefined) throw new Error(failure.message);
  return listeners;
}
