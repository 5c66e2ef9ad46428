import { type AgentId, parseAgentId } from '#libs/contracts/ids.js';
import { type FieldParser, wordOf } from '#libs/contracts/json-fields.js';
import { parseHttpUrl } from '#libs/contracts/urls.js';
import { wholeNumber } from '#libs/contracts/values.js';
import { type Endpoint, parseEndpoint } from '#libs/data-plane/dns/endpoint.js';
import { parseAddressRange } from '#libs/data-plane/proxy/address-range.js';
import { readEgressMode } from './egress/egress-settings.js';
import { readQueryRate } from './foundation/query-rate.js';
import { type Environment, parseDnsAddress, parsePath, variablesOf } from './foundation/variables.js';
import { readMeshSettings } from './mesh/mesh-settings.js';
import { chooseDriver } from './sandboxes/drivers.js';
import type { TrafficSettings } from './traffic/traffic.js';

export interface AgentSettings extends TrafficSettings {
  readonly name: AgentId;
  readonly controlPlaneUrl: URL;
  readonly enrollmentTokenFile: string | null;
  readonly logLevel: LogLevel;
  /** Where metrics are served; null: nowhere. */
  readonly metricsListen: Endpoint | null;
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

const MAX_MS = 2 ** 31 - 1;

/**
 * Everything the agent is told from outside, checked before anything is opened. An empty variable is one not set.
 * Errors: SettingMissingError, InvalidInputError; each names its variable.
 */
export function parseAgentSettings(environment: Environment): AgentSettings {
  const variables = variablesOf(environment);
  const { read, need } = variables;
  const name = need('GLOBALSTACKS_AGENT_NAME', parseAgentId);
  const driver = chooseDriver(variables, name);
  return {
    name,
    controlPlaneUrl: need('GLOBALSTACKS_CONTROL_PLANE_URL', parseHttpUrl),
    stateFolder: need('GLOBALSTACKS_AGENT_STATE_DIR', parsePath),
    enrollmentTokenFile: read('GLOBALSTACKS_AGENT_ENROLLMENT_TOKEN_FILE', parsePath),
    driver,
    egress: readEgressMode(variables, driver.name),
    proxyRange: read('GLOBALSTACKS_AGENT_MESH_PROXY_BIND', (value, field) => parseAddressRange(value, field).text),
    dnsUpstreams: read('GLOBALSTACKS_AGENT_DNS_UPSTREAMS', parseUpstreams) ?? 'system',
    dnsQueriesPerSecond: readQueryRate(variables),
    mesh: readMeshSettings(read('GLOBALSTACKS_MESH_TRANSPORT', wordOf(['direct', 'tsnet'])), read),
    limits: {
      connectTimeoutMs: read('GLOBALSTACKS_AGENT_CONNECT_TIMEOUT_MS', wholeNumber(1, MAX_MS)) ?? 5_000,
      idleTimeoutMs: read('GLOBALSTACKS_AGENT_IDLE_TIMEOUT_MS', wholeNumber(1, MAX_MS)) ?? 3_600_000,
      flowsPerSource: read('GLOBALSTACKS_AGENT_FLOWS_PER_SANDBOX', wholeNumber(1, 1_000_000)) ?? 2_000,
      flows: read('GLOBALSTACKS_AGENT_FLOWS', wholeNumber(1, 1_000_000)) ?? 20_000,
      syncHoldMs: 2_000,
      deliveryTimeoutMs: read('GLOBALSTACKS_AGENT_DELIVERY_TIMEOUT_MS', wholeNumber(1, MAX_MS)) ?? 30_000,
    },
    metricsListen: read('GLOBALSTACKS_AGENT_METRICS_LISTEN', parseEndpoint),
    logLevel: read('GLOBALSTACKS_LOG_LEVEL', wordOf(LOG_LEVELS)) ?? 'info',
  };
}

const parseUpstreams: FieldParser<'system' | 'refuse' | readonly string[]> = (value, field) => {
  if (value === 'system' || value === 'refuse') return value;
  return String(value)
    .split(',')
    .map((address) => parseDnsAddress(address.trim(), field));
};
