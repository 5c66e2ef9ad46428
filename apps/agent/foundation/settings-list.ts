import { CA_FILE, LOG_LEVEL, neededSetting, numberSetting, optionalSetting, setting } from '#libs/program/setting.js';

const MOST_MS = 2 ** 31 - 1;

/** The settings of an agent with any driver; docs/settings.md lists them. A driver's own are in its folder. */
export const SETTINGS = {
  name: neededSetting('GLOBALSTACKS_AGENT_NAME', "The agent's id, a DNS label"),
  controlPlaneUrl: neededSetting('GLOBALSTACKS_CONTROL_PLANE_URL', 'The control plane, for enrolment and renewal'),
  stateDir: neededSetting(
    'GLOBALSTACKS_AGENT_STATE_DIR',
    'Folder (0700) of keys, credentials, last-good snapshots, addresses and peers; for one agent at a time (`STATE_FOLDER_IN_USE`)',
  ),
  caFile: CA_FILE,
  enrollmentTokenFile: optionalSetting(
    'GLOBALSTACKS_AGENT_ENROLLMENT_TOKEN_FILE',
    'File that holds a one-time token; read while there are no credentials',
  ),
  driver: neededSetting(
    'GLOBALSTACKS_AGENT_DRIVER',
    '`static`, `netns`, `docker` or `link`; see [drivers.md](drivers.md)',
  ),
  sandboxes: optionalSetting(
    'GLOBALSTACKS_AGENT_SANDBOXES',
    'YAML list of sandboxes, followed while the agent runs. Each has `id` and `address` (`static`), `id` (`netns`), or `id`, `interface` and `address` (`link`). Not used by `docker`',
    'needed by `static` and `netns`',
  ),
  removeOnExit: setting(
    'GLOBALSTACKS_AGENT_REMOVE_ON_EXIT',
    false,
    'Remove what the driver made when the agent ends: namespaces, networks, rules and routes. `docker` also disconnects the containers',
  ),
  dnsAddress: optionalSetting(
    'GLOBALSTACKS_AGENT_MESH_DNS_ADDR',
    'Address of the DNS listener with `static`; with other drivers of one more listener besides port 53 of each link',
    '`static`: `127.0.0.1:1053`',
  ),
  proxyRange: optionalSetting(
    'GLOBALSTACKS_AGENT_MESH_PROXY_BIND',
    'Range of proxy addresses: each alias gets one of it. With another range than the default, sandboxes of `docker` and `link` reach proxies by their default route only',
    '`static`: `127.77.0.0/16`; `netns`: `10.77.0.0/16`; `docker`: upper half of its subnet; `link`: `10.80.128.0/17`',
  ),
  dnsUpstreams: setting(
    'GLOBALSTACKS_AGENT_DNS_UPSTREAMS',
    'system',
    'Resolvers of names outside: `system` (those of /etc/resolv.conf), `refuse` (none), or `address:port` with commas',
  ),
  egress: optionalSetting(
    'GLOBALSTACKS_AGENT_EGRESS',
    'Names outside that exist for sandboxes: `listed` (those that rules allow), `none`, or `open` (all others too, by the resolvers); see [egress.md](egress.md)',
    '`listed`; `static`: `open`',
  ),
  dnsRate: numberSetting(
    'GLOBALSTACKS_AGENT_DNS_RATE',
    { usual: 5_000, least: 1, most: 1_000_000 },
    'DNS queries per second of one sandbox, and twice as many in a burst. Queries above that are dropped; over UDP the kernel drops them where the driver has links',
  ),
  connectTimeoutMs: numberSetting(
    'GLOBALSTACKS_AGENT_CONNECT_TIMEOUT_MS',
    { usual: 5_000, least: 1, most: MOST_MS },
    'Milliseconds to connect to a sandbox or another agent',
  ),
  idleTimeoutMs: numberSetting(
    'GLOBALSTACKS_AGENT_IDLE_TIMEOUT_MS',
    { usual: 3_600_000, least: 1, most: MOST_MS },
    'Milliseconds without a byte after which a flow is reset',
  ),
  deliveryTimeoutMs: numberSetting(
    'GLOBALSTACKS_AGENT_DELIVERY_TIMEOUT_MS',
    { usual: 30_000, least: 1, most: MOST_MS },
    'Milliseconds that the other end has, after one end reset its connection, to read what was sent before the reset',
  ),
  flowsPerSandbox: numberSetting(
    'GLOBALSTACKS_AGENT_FLOWS_PER_SANDBOX',
    { usual: 2_000, least: 1, most: 1_000_000 },
    'Open flows from one source',
  ),
  flows: numberSetting('GLOBALSTACKS_AGENT_FLOWS', { usual: 20_000, least: 1, most: 1_000_000 }, 'Open flows in total'),
  meshTransport: optionalSetting(
    'GLOBALSTACKS_MESH_TRANSPORT',
    '`direct` or `tsnet`. If unset, the agent joins the tsnet mesh that the control plane offers; if it offers none, the agent has no mesh (`MESH_NOT_CONFIGURED`)',
  ),
  meshControlUrl: optionalSetting(
    'GLOBALSTACKS_MESH_CONTROL_URL',
    'Control server of a tsnet mesh that this host alone uses',
    "the control plane's",
  ),
  meshAuthKey: optionalSetting(
    'GLOBALSTACKS_MESH_AUTH_KEY',
    'Pre-created key for this host alone',
    'the control plane gives one when it is needed',
  ),
  meshNode: optionalSetting(
    'GLOBALSTACKS_MESH_NODE',
    'The program `mesh-node`, which the transport `tsnet` needs',
    '`.cache/bin/mesh-node` of the clone',
  ),
  meshNodeLogDir: optionalSetting(
    'GLOBALSTACKS_MESH_NODE_LOG_DIR',
    "Folder for tsnet's own log (`<host name in the mesh>.log`), at most 32 MiB for each node",
  ),
  directListen: setting(
    'GLOBALSTACKS_MESH_DIRECT_LISTEN',
    '0.0.0.0:0',
    '`host:port` that the transport `direct` listens on',
  ),
  directAdvertise: optionalSetting(
    'GLOBALSTACKS_MESH_DIRECT_ADVERTISE',
    '`host:port` at which peers reach this agent',
    'the address that it listens on, or when it listens on all, its address towards the control plane',
  ),
  metricsListen: optionalSetting(
    'GLOBALSTACKS_AGENT_METRICS_LISTEN',
    '`address:port` where [metrics](metrics.md) are served, without a token. If unset, they are not served',
  ),
  logLevel: setting(
    LOG_LEVEL.variable,
    LOG_LEVEL.usual,
    `${LOG_LEVEL.meaning}. At \`debug\` each flow is logged; at \`info\` the first refusal for each reason and network in a minute, with the number of those that followed`,
  ),
};
