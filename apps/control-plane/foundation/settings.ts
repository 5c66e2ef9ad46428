import { isIP } from 'node:net';
import { fileURLToPath } from 'node:url';
import { CodedError } from '#libs/contracts/errors.js';
import type { MemberBounds } from './member-bounds.js';
import { type ControlPlaneMeshSettings, readMeshSettings } from './mesh-settings.js';

/** An environment variable that is missing or cannot be used. */
export class SettingInvalidError extends CodedError {
  constructor(name: string, accepted: string) {
    super('SETTING_INVALID', `${name} is not set to ${accepted}`, `set ${name} to ${accepted}`);
  }
}

export interface Listen {
  readonly host: string;
  readonly port: number;
}

export interface ControlPlaneSettings {
  readonly databaseUrl: string;
  readonly busServers: readonly string[];
  /** What agents are told. */
  readonly busAdvertised: readonly string[];
  readonly keysFolder: string;
  readonly listen: readonly Listen[];
  /** Addresses and networks of reverse proxies, whose word is taken for who asks. */
  readonly trustedProxies: readonly string[];
  readonly bootstrapTokenFile: string | null;
  readonly credentialSeconds: number;
  /** How long a developer's machine is served without renewal. */
  readonly localCredentialSeconds: number;
  readonly enrollmentTokenSeconds: number;
  /** How long somebody stays signed in in a browser. */
  readonly sessionSeconds: number;
  /** What is built of the console; the folder may not be there. */
  readonly consoleFolder: string;
  /** Streams of events that are open at once. */
  readonly eventStreams: number;
  /** An agent not heard of for so long is OFFLINE. */
  readonly offlineAfterMs: number;
  /** A version not acknowledged for so long is STALE. */
  readonly staleAfterMs: number;
  readonly requestsPerMinute: number;
  readonly publicRequestsPerMinute: number;
  /** How long a command waits for a database that does not answer. */
  readonly storeGiveUpAfterMs: number;
  readonly memberBounds: MemberBounds;
  readonly mesh: ControlPlaneMeshSettings;
  /** How long a minted mesh key can be used. */
  readonly meshKeySeconds: number;
}

const BUILT_CONSOLE = fileURLToPath(new URL('../../../console', import.meta.url));

type Environment = { readonly [name: string]: string | undefined };

/**
 * Reads the settings of docs/architecture.md, where an empty variable is one that is not set; throws
 * SettingInvalidError that names the variable.
 */
export function readSettings(environment: Environment): ControlPlaneSettings {
  const text = (name: string, accepted: string): string => {
    const value = environment[name];
    if (value === undefined || value.trim() === '') throw new SettingInvalidError(name, accepted);
    return value.trim();
  };
  const number = (name: string, usual: number, least: number, most: number): number => {
    const value = environment[name];
    if (value === undefined || value === '') return usual;
    if (!/^[0-9]{1,9}$/.test(value) || Number(value) < least || Number(value) > most) {
      throw new SettingInvalidError(name, `a whole number from ${least} to ${most}`);
    }
    return Number(value);
  };
  const list = (value: string): readonly string[] =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  const busServers = list(text('GLOBALSTACKS_NATS_URL', 'the address of nats-server, such as nats://127.0.0.1:4222'));
  return {
    databaseUrl: text('GLOBALSTACKS_DATABASE_URL', 'the address of Postgres, such as postgres://user@host/database'),
    busServers,
    busAdvertised: list(environment.GLOBALSTACKS_NATS_ADVERTISE_URL || busServers.join(',')),
    keysFolder: text('GLOBALSTACKS_KEYS_DIR', 'a folder for keys'),
    listen: list(environment.GLOBALSTACKS_HTTP_LISTEN || '127.0.0.1:7080').map(parseListen),
    trustedProxies: list(environment.GLOBALSTACKS_TRUSTED_PROXIES ?? '').map(parseProxy),
    bootstrapTokenFile: environment.GLOBALSTACKS_BOOTSTRAP_TOKEN_FILE || null,
    localCredentialSeconds: number('GLOBALSTACKS_LOCAL_CREDENTIAL_SECONDS', 900, 5, 86_400),
    credentialSeconds: number('GLOBALSTACKS_CREDENTIAL_SECONDS', 3_600, 5, 86_400),
    enrollmentTokenSeconds: number('GLOBALSTACKS_ENROLLMENT_TOKEN_SECONDS', 900, 1, 86_400),
    sessionSeconds: number('GLOBALSTACKS_SESSION_SECONDS', 43_200, 60, 2_592_000),
    consoleFolder: environment.GLOBALSTACKS_CONSOLE_DIR || BUILT_CONSOLE,
    eventStreams: number('GLOBALSTACKS_EVENT_STREAMS', 1_000, 1, 100_000),
    offlineAfterMs: number('GLOBALSTACKS_OFFLINE_AFTER_SECONDS', 15, 1, 3_600) * 1_000,
    staleAfterMs: number('GLOBALSTACKS_STALE_AFTER_SECONDS', 5, 1, 3_600) * 1_000,
    requestsPerMinute: number('GLOBALSTACKS_REQUESTS_PER_MINUTE', 12_000, 1, 1_000_000),
    publicRequestsPerMinute: number('GLOBALSTACKS_PUBLIC_REQUESTS_PER_MINUTE', 240, 1, 1_000_000),
    storeGiveUpAfterMs: number('GLOBALSTACKS_STORE_TIMEOUT_SECONDS', 10, 1, 300) * 1_000,
    memberBounds: {
      messagesPerSecond: number('GLOBALSTACKS_MEMBER_MESSAGES_PER_SECOND', 50, 1, 100_000),
      bytesPerSecond: number('GLOBALSTACKS_MEMBER_KILOBYTES_PER_SECOND', 2_048, 16, 1_000_000) * 1_024,
      networks: number('GLOBALSTACKS_MEMBER_NETWORKS', 1_000, 1, 10_000),
      sandboxes: number('GLOBALSTACKS_MEMBER_SANDBOXES', 2_000, 1, 10_000),
    },
    mesh: readMeshSettings(environment, (name, accepted) => new SettingInvalidError(name, accepted)),
    meshKeySeconds: number('GLOBALSTACKS_MESH_KEY_SECONDS', 300, 10, 86_400),
  };
}

function parseProxy(value: string): string {
  const [address = '', bits, ...rest] = value.split('/');
  const family = isIP(address);
  const mostBits = family === 4 ? 32 : 128;
  const isNetwork = bits === undefined || (/^[0-9]{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= mostBits);
  if (family === 0 || !isNetwork || rest.length > 0) {
    const accepted = 'addresses or networks, with commas, such as 10.0.0.7,192.168.4.0/24';
    throw new SettingInvalidError('GLOBALSTACKS_TRUSTED_PROXIES', accepted);
  }
  return value;
}

/** `host:port`, an IPv6 host in brackets. Error: SettingInvalidError. */
export function parseListen(value: string): Listen {
  const match = /^(\[[0-9a-f:]+\]|[^:\s]+):([0-9]{1,5})$/i.exec(value);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) {
    throw new SettingInvalidError('GLOBALSTACKS_HTTP_LISTEN', 'host:port, several with commas');
  }
  return { host: (match[1] ?? '').replace(/^\[|\]$/g, ''), port };
}
