import { randomBytes } from 'node:crypto';
import { parseAgentId, parseAliasName, parseFlowId, parseSandboxId } from '#libs/contracts/ids.js';
import { dialSources } from '#libs/data-plane/flows/dial-sources.js';
import { createFlowEngine } from '#libs/data-plane/flows/engine.js';
import { createProxyListeners } from '#libs/data-plane/proxy/listeners.js';
import { networkView, TEST_NETWORK } from '#test/support/network-view.js';
import { freePort } from '#test/support/ports.js';

/** The data plane of one host: sbx-web reaches sbx-api, the backend whose port is the argument, by policy. */

const backend = Number(process.argv[2]);
const engine = createFlowEngine({
  agentId: parseAgentId('host-a', 'agent'),
  localSource: null,
  admitsLocal: () => false,
  mesh: () => null,
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
  newFlowId: () => parseFlowId(randomBytes(16).toString('hex'), 'flow id'),
  record: () => undefined,
});
const listeners = createProxyListeners(
  (socket, route) => engine.acceptClient(socket, route),
  (_route, error) => {
    throw error;
  },
);
const port = await freePort();
engine.apply(
  TEST_NETWORK,
  networkView({
    version: 1,
    sandboxes: { 'sbx-web': 'host-a', 'sbx-api': 'host-a' },
    aliases: { api: { sandbox: 'sbx-api', ports: [`${port}:${backend}`] } },
    allow: [`sandbox:sbx-web api ${port}`],
  }),
);
const route = { networkId: TEST_NETWORK, alias: parseAliasName('api', 'alias'), address: '127.0.0.1', port };
const [failure] = await listeners.open([route]);
if (failure !== undefined) throw new Error(failure.message);
process.once('disconnect', () => process.exit(0));
process.send?.(port);
