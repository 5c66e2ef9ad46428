import { type AgentId, parseAgentId } from '#libs/contracts/ids.js';
import { type FieldParser, wordOf } from '#libs/contracts/json-fields.js';
import { parseHttpUrl } from '#libs/contracts/urls.js';
import { type Endpoint, parseEndpoint } from '#libs/data-plane/dns/endpoint.js';
import { parseAddressRange } from '#libs/data-plane/proxy/address-range.js';
import { readEgressMode } from './egress/egress-settings.js';
import { SETTINGS } from './foundation/settings-list.js';
import { type Environment, parseDnsAddress, parsePath, variablesOf } from './foundation/variables.js';
import { readMeshSettings } from './mesh/mesh-settings.js';
import { chooseDriver } from './sandboxes/drivers.js';
import type { TrafficSettings } from './traffic/traffic.js';

export interface AgentSettings extends TrafficSettings {
  readonly name: AgentId;
  readonly controlPlaneUrl: URL;
  readonly enrollmentTokenFile: string | null;
  readonly logLevel: LogLevel;
  /** Address and port for metrics; null: they are not served. */
  readonly metricsListen: Endpoint | null;
}

const ENROL = 'enrol this host: run here the line that `gstacks agent enroll <name>` prints where you are logged in';
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * Reads all settings of an agent before anything is opened. An empty variable counts as unset.
 * Errors: SettingMissingError, InvalidInputError; each names its variable.
 */
export function parseAgentSettings(environment: Environment): AgentSettings {
  const variables = variablesOf(environment);
  const { read, need, number } = variables;
  const name = need(SETTINGS.name, parseAgentId, ENROL);
  const driver = chooseDriver(variables, name);
  return {
    name,
    controlPlaneUrl: need(SETTINGS.controlPlaneUrl, parseHttpUrl),
    stateFolder: need(SETTINGS.stateDir, parsePath),
    enrollmentTokenFile: read(SETTINGS.enrollmentTokenFile, parsePath),
    driver,
    egress: readEgressMode(variables, driver.name),
    proxyRange: read(SETTINGS.proxyRange, (value, field) => parseAddressRange(value, field).text),
    dnsUpstreams: read(SETTINGS.dnsUpstreams, parseUpstreams) ?? 'system',
    dnsQueriesPerSecond: number(SETTINGS.dnsRate),
    mesh: readMeshSettings(read(SETTINGS.meshTransport, wordOf(['direct', 'tsnet'])), read),
    limits: {
      connectTimeoutMs: number(SETTINGS.connectTimeoutMs),
      idleTimeoutMs: number(SETTINGS.idleTimeoutMs),
      flowsPerSource: number(SETTINGS.flowsPerSandbox),
      flows: number(SETTINGS.flows),
      syncHoldMs: 2_000,
      deliveryTimeoutMs: number(SETTINGS.deliveryTimeoutMs),
    },
    metricsListen: read(SETTINGS.metricsListen, parseEndpoint),
    logLevel: read(SETTINGS.logLevel, wordOf(LOG_LEVELS)) ?? 'info',
  };
}

const parseUpstreams: FieldParser<'system' | 'refuse' | readonly string[]> = (value, field) => {
  if (value === 'system' || value === 'refuse') return value;
  return String(value)
    .split(',')
    .map((address) => parseDnsAddress(address.trim(), field));
};
