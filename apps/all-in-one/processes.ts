import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inheritedVariables } from '#libs/program/inherited-variables.js';
import type { AgentPlace } from './agent-places.js';
import type { ControlPlaneClient } from './control-plane-client.js';
import type { Home } from './home.js';
import type { StackMesh } from './mesh-environment.js';
import type { PreparedPostgres } from './postgres.js';
import type { ProcessSpec } from './process-spec.js';

const DIST = fileURLToPath(new URL('../..', import.meta.url));
const AGENT = join(DIST, 'programs/agent.js');
const CONTROL_PLANE = join(DIST, 'programs/control-plane.js');
const SAMPLE_SANDBOX = join(DIST, 'apps/all-in-one/sample-sandbox.js');

/** Variables that every child gets from this process's environment; none can contain a secret. */
const INHERITED = [
  'PATH',
  'HOME',
  'LANG',
  'TZ',
  'TMPDIR',
  'NODE_OPTIONS',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'GLOBALSTACKS_LOG_LEVEL',
  'GLOBALSTACKS_MESH_NODE',
  'GLOBALSTACKS_MESH_NODE_LOG_DIR',
];

/** Further variables for agents: what can be the same for all of them. */
const INHERITED_BY_AGENTS = [
  'GLOBALSTACKS_AGENT_DNS_UPSTREAMS',
  'GLOBALSTACKS_AGENT_EGRESS',
  'GLOBALSTACKS_AGENT_DNS_RATE',
  'GLOBALSTACKS_AGENT_CONNECT_TIMEOUT_MS',
  'GLOBALSTACKS_AGENT_IDLE_TIMEOUT_MS',
  'GLOBALSTACKS_AGENT_DELIVERY_TIMEOUT_MS',
  'GLOBALSTACKS_AGENT_FLOWS_PER_SANDBOX',
  'GLOBALSTACKS_AGENT_FLOWS',
];

const node = (script: string): { command: string; args: readonly string[] } => ({
  command: process.execPath,
  args: [script],
});

export function postgresProcess(prepared: PreparedPostgres): ProcessSpec {
  const { command, args, user, env, stopSignal, isReady, remedy } = prepared;
  const asUser = user === null ? {} : { user };
  return { name: 'postgres', command, args, env, cwd: '/', stopSignal, isReady, remedy, ...asUser };
}

export function natsProcess(binary: string, config: string, host: string, port: number): ProcessSpec {
  return {
    name: 'nats',
    command: binary,
    args: ['-c', config],
    env: inheritedVariables(INHERITED),
    stopSignal: 'SIGTERM',
    isReady: () => accepts(host, port),
  };
}

export function controlPlaneProcess(
  home: Home,
  settings: {
    readonly databaseUrl: string;
    readonly natsUrl: string;
    readonly listen: readonly string[];
    readonly bootstrapTokenFile: string;
    readonly mesh: StackMesh;
  },
  client: ControlPlaneClient,
): ProcessSpec {
  return {
    name: 'control-plane',
    ...node(CONTROL_PLANE),
    env: {
      ...inheritedVariables(INHERITED),
      GLOBALSTACKS_DATABASE_URL: settings.databaseUrl,
      GLOBALSTACKS_NATS_URL: settings.natsUrl,
      GLOBALSTACKS_NATS_ADVERTISE_URL: settings.natsUrl,
      GLOBALSTACKS_KEYS_DIR: home.keys,
      GLOBALSTACKS_HTTP_LISTEN: settings.listen.join(','),
      GLOBALSTACKS_BOOTSTRAP_TOKEN_FILE: settings.bootstrapTokenFile,
      ...settings.mesh.controlPlane,
    },
    stopSignal: 'SIGTERM',
    isReady: () => client.isReady(),
  };
}

export function agentProcess(home: Home, place: AgentPlace, enrollmentTokenFile: string, mesh: StackMesh): ProcessSpec {
  const { command, args } = node(AGENT);
  // nsenter changes only the network namespace; `ip netns exec` would hide the namespaces that the agent makes.
  const inHost = place.host === null ? [] : ['nsenter', `--net=/run/netns/${place.host.name}`];
  const [program = command, ...rest] = [...inHost, command, ...args];
  const optional = {
    GLOBALSTACKS_AGENT_MESH_PROXY_BIND: place.proxyRange,
    GLOBALSTACKS_AGENT_MESH_DNS_ADDR: place.dnsAddress,
    GLOBALSTACKS_AGENT_SANDBOX_RANGE: place.sandboxRange,
    GLOBALSTACKS_AGENT_NETNS_PREFIX: place.host?.sandboxPrefix ?? null,
    GLOBALSTACKS_AGENT_DOCKER_SOCKET: place.docker?.socketPath ?? null,
    GLOBALSTACKS_AGENT_DOCKER_NETWORK: place.docker?.network ?? null,
    GLOBALSTACKS_AGENT_DOCKER_BRIDGE: place.docker?.bridge ?? null,
    GLOBALSTACKS_AGENT_DOCKER_SUBNET: place.docker?.subnet ?? null,
    GLOBALSTACKS_AGENT_REMOVE_ON_EXIT: place.docker === null ? null : 'true',
  };
  const set = Object.entries(optional).flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
  return {
    name: `agent-${place.name}`,
    command: program,
    args: rest,
    finalExitCode: 2,
    env: {
      ...inheritedVariables([...INHERITED, ...INHERITED_BY_AGENTS]),
      ...Object.fromEntries(set),
      GLOBALSTACKS_AGENT_NAME: place.name,
      GLOBALSTACKS_CONTROL_PLANE_URL: place.controlPlaneUrl,
      GLOBALSTACKS_AGENT_STATE_DIR: home.agentState(place.name),
      GLOBALSTACKS_AGENT_ENROLLMENT_TOKEN_FILE: enrollmentTokenFile,
      GLOBALSTACKS_AGENT_DRIVER: place.docker !== null ? 'docker' : place.host === null ? 'static' : 'netns',
      GLOBALSTACKS_AGENT_SANDBOXES: home.sandboxFile(place.name),
      ...mesh.agent(place.meshEndpoint),
    },
    stopSignal: 'SIGTERM',
    // The control plane shows when it is ready, because its sandboxes appear there.
    isReady: async () => true,
  };
}

/** A sample sandbox on its own address, or in the network namespace that its agent made. */
export function sandboxProcess(
  id: string,
  where: { readonly address: string } | { readonly namespace: string },
): ProcessSpec {
  const { command, args } = node(SAMPLE_SANDBOX);
  const inNamespace = 'namespace' in where ? ['ip', 'netns', 'exec', where.namespace] : [];
  const [program = command, ...rest] = [...inNamespace, command, ...args];
  return {
    name: id,
    command: program,
    args: rest,
    env: {
      ...inheritedVariables(INHERITED),
      SAMPLE_SANDBOX_ID: id,
      SAMPLE_SANDBOX_ADDRESS: 'address' in where ? where.address : '::',
    },
    stopSignal: 'SIGTERM',
    isReady: async () => true,
  };
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
