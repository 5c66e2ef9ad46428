import { isAbsolute, resolve } from 'node:path';
import { CodedError, InvalidInputError } from '#libs/contracts/errors.js';
import { type AgentId, parseAgentId } from '#libs/contracts/ids.js';
import { type FieldParser, wordOf } from '#libs/contracts/json-fields.js';
import type { FlowLimits } from '#libs/data-plane/data-plane.js';
import { parseEndpoint } from '#libs/data-plane/dns/endpoint.js';
import { parseAddressRange } from '#libs/data-plane/proxy/address-range.js';
import { type MeshSettings, readMeshSettings } from './mesh/mesh-settings.js';
import { type DockerSettings, readDockerSettings } from './sandboxes/docker/docker-settings.js';
import { DRIVER_NAMES } from './sandboxes/driver.js';
import { parseNamespacePrefix } from './sandboxes/namespace-names.js';

export type Environment = { readonly [name: string]: string | undefined };

export type DriverSettings =
  | DockerSettings
  | {
      readonly kind: 'static';
      readonly sandboxesFile: string;
      readonly dnsAddress: string;
      /** The operator vouches for addresses that are not this machine's own. */
      readonly trustAddresses: boolean;
    }
  | {
      readonly kind: 'netns';
      readonly sandboxesFile: string;
      readonly namespacePrefix: string;
      /** Links are cut out of this range. */
      readonly sandboxRange: string;
      /** A DNS listener beside those on the sandboxes' links; null: none. */
      readonly dnsAddress: string | null;
      readonly removeOnExit: boolean;
    };

export interface AgentSettings {
  readonly name: AgentId;
  readonly controlPlaneUrl: URL;
  readonly stateFolder: string;
  readonly enrollmentTokenFile: string | null;
  readonly driver: DriverSettings;
  /** null: the driver's default. */
  readonly proxyRange: string | null;
  readonly dnsUpstreams: 'system' | 'refuse' | readonly string[];
  readonly dnsQueriesPerSecond: number;
  readonly mesh: MeshSettings;
  readonly limits: FlowLimits;
  readonly logLevel: LogLevel;
}

export class SettingMissingError extends CodedError {}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

const DNS_ADDRESS_DEFAULT = '127.0.0.1:1053';
const SANDBOX_RANGE_DEFAULT = '10.76.0.0/16';
const MAX_MS = 2 ** 31 - 1;

/**
 * Everything the agent is told from outside, checked before anything is opened. An empty variable is one not set.
 * Errors: SettingMissingError, InvalidInputError; each names its variable.
 */
export function parseAgentSettings(environment: Environment): AgentSettings {
  const variables = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const read = <T>(variable: string, parse: FieldParser<T>): T | null => {
    const value = variables[variable];
    return value === undefined ? null : parse(value, variable);
  };
  const need = <T>(variable: string, parse: FieldParser<T>): T => {
    const value = read(variable, parse);
    if (value !== null) return value;
    throw new SettingMissingError(
      'SETTING_MISSING',
      `${variable} is not set`,
      `set ${variable}; see docs/architecture.md`,
    );
  };
  const name = need('GLOBALSTACKS_AGENT_NAME', parseAgentId);
  return {
    name,
    controlPlaneUrl: need('GLOBALSTACKS_CONTROL_PLANE_URL', parseHttpUrl),
    stateFolder: need('GLOBALSTACKS_AGENT_STATE_DIR', parsePath),
    enrollmentTokenFile: read('GLOBALSTACKS_AGENT_ENROLLMENT_TOKEN_FILE', parsePath),
    driver: driverSettings(name, read, need),
    proxyRange: read('GLOBALSTACKS_AGENT_MESH_PROXY_BIND', (value, field) => parseAddressRange(value, field).text),
    dnsUpstreams: read('GLOBALSTACKS_AGENT_DNS_UPSTREAMS', parseUpstreams) ?? 'system',
    dnsQueriesPerSecond: read('GLOBALSTACKS_AGENT_DNS_RATE', decimalBetween(1, 1_000_000)) ?? 20_000,
    mesh: readMeshSettings(read('GLOBALSTACKS_MESH_TRANSPORT', wordOf(['direct', 'tsnet'])), read),
    limits: {
      connectTimeoutMs: read('GLOBALSTACKS_AGENT_CONNECT_TIMEOUT_MS', decimalBetween(1, MAX_MS)) ?? 5_000,
      idleTimeoutMs: read('GLOBALSTACKS_AGENT_IDLE_TIMEOUT_MS', decimalBetween(1, MAX_MS)) ?? 3_600_000,
      flowsPerSource: read('GLOBALSTACKS_AGENT_FLOWS_PER_SANDBOX', decimalBetween(1, 1_000_000)) ?? 2_000,
      flows: read('GLOBALSTACKS_AGENT_FLOWS', decimalBetween(1, 1_000_000)) ?? 20_000,
      syncHoldMs: 2_000,
    },
    logLevel: read('GLOBALSTACKS_LOG_LEVEL', wordOf(LOG_LEVELS)) ?? 'info',
  };
}

type Read = <T>(variable: string, parse: FieldParser<T>) => T | null;
type Need = <T>(variable: string, parse: FieldParser<T>) => T;

function driverSettings(name: AgentId, read: Read, need: Need): DriverSettings {
  const kind = need('GLOBALSTACKS_AGENT_DRIVER', wordOf(DRIVER_NAMES));
  const dnsAddress = read('GLOBALSTACKS_AGENT_MESH_DNS_ADDR', parseDnsAddress);
  const removeOnExit = read('GLOBALSTACKS_AGENT_REMOVE_ON_EXIT', parseBoolean) ?? false;
  if (kind === 'docker') return readDockerSettings(read, { agentId: name, dnsAddress, removeOnExit });
  const sandboxesFile = need('GLOBALSTACKS_AGENT_SANDBOXES', parsePath);
  if (kind === 'static') {
    return {
      kind,
      sandboxesFile,
      dnsAddress: dnsAddress ?? DNS_ADDRESS_DEFAULT,
      trustAddresses: read('GLOBALSTACKS_AGENT_TRUST_ADDRESSES', parseBoolean) ?? false,
    };
  }
  return {
    kind,
    sandboxesFile,
    // An agent's name holds no dot, so that no agent's prefix is the beginning of another's.
    namespacePrefix: read('GLOBALSTACKS_AGENT_NETNS_PREFIX', parseNamespacePrefix) ?? `gs.${name}.`,
    sandboxRange: read('GLOBALSTACKS_AGENT_SANDBOX_RANGE', parseSandboxRange) ?? SANDBOX_RANGE_DEFAULT,
    dnsAddress,
    removeOnExit,
  };
}

const parsePath: FieldParser<string> = (value, field) => {
  if (typeof value !== 'string' || value.includes('\0')) throw new InvalidInputError(field, value, 'a path');
  return isAbsolute(value) ? value : resolve(value);
};

const parseHttpUrl: FieldParser<URL> = (value, field) => {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  const usable = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  if (!usable) throw new InvalidInputError(field, '(hidden)', 'an http or https URL without user and password');
  return url;
};

const parseBoolean: FieldParser<boolean> = (value, field) => wordOf(['true', 'false'])(value, field) === 'true';

const parseDnsAddress: FieldParser<string> = (value, field) => {
  parseEndpoint(value, field);
  return String(value);
};

const parseSandboxRange: FieldParser<string> = (value, field) => {
  const range = parseAddressRange(value, field);
  if (range.size < 4) throw new InvalidInputError(field, value, 'an IPv4 range with room for a link, /30 or larger');
  return range.text;
};

const parseUpstreams: FieldParser<'system' | 'refuse' | readonly string[]> = (value, field) => {
  if (value === 'system' || value === 'refuse') return value;
  return String(value)
    .split(',')
    .map((address) => parseDnsAddress(address.trim(), field));
};

function decimalBetween(least: number, most: number): FieldParser<number> {
  return (value, field) => {
    const number = typeof value === 'string' && /^[0-9]{1,10}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= least && number <= most)) {
      throw new InvalidInputError(field, value, `a whole number from ${least} to ${most}`);
    }
    return number;
  };
}
