import { isIP } from 'node:net';
import { fileURLToPath } from 'node:url';
import { CodedError } from '#libs/contracts/errors.js';
import type { NumberSetting, Setting } from '#libs/program/setting.js';
import type { MemberBounds } from './member-bounds.js';
import { type ControlPlaneMeshSettings, readMeshSettings } from './mesh-settings.js';
import { SETTINGS } from './settings-list.js';

/** An environment variable is missing or invalid. */
export class SettingInvalidError extends CodedError {
  /** `found`: the value, unless it may be a secret. */
  constructor(name: string, accepted: string, found: string | null = null) {
    const message =
      found === null
        ? `${name} is not set to ${accepted}`
        : `${name}: ${JSON.stringify(found)} is not valid; expected ${accepted}`;
    super('SETTING_INVALID', message, `set ${name} to ${accepted}`);
  }
}

export interface Listen {
  readonly host: string;
  readonly port: number;
}

export interface ControlPlaneSettings {
  readonly databaseUrl: string;
  readonly busServers: readonly string[];
  /** The addresses of nats-server that agents and local nodes are given. */
  readonly busAdvertised: readonly string[];
  readonly keysFolder: string;
  readonly listen: readonly Listen[];
  /** Addresses and networks of reverse proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  readonly bootstrapTokenFile: string | null;
  readonly credentialSeconds: number;
  /** Until the credentials of a developer's machine expire. */
  readonly localCredentialSeconds: number;
  readonly enrollmentTokenSeconds: number;
  /** Until a browser has to sign in again. */
  readonly sessionSeconds: number;
  /** Holds the built console; the folder may be missing. */
  readonly consoleFolder: string;
  /** Streams of events that may be open at once. */
  readonly eventStreams: number;
  /** An agent without a heartbeat for this long is OFFLINE. */
  readonly offlineAfterMs: number;
  /** An agent that has not acknowledged a version for this long is STALE. */
  readonly staleAfterMs: number;
  readonly requestsPerMinute: number;
  readonly publicRequestsPerMinute: number;
  /** How long a request waits for a database that does not answer. */
  readonly storeGiveUpAfterMs: number;
  readonly memberBounds: MemberBounds;
  readonly mesh: ControlPlaneMeshSettings;
  /** How long a minted mesh key can be used. */
  readonly meshKeySeconds: number;
}

const BUILT_CONSOLE = fileURLToPath(new URL('../../../console', import.meta.url));

type Environment = { readonly [name: string]: string | undefined };

/** Reads SETTINGS; an empty variable counts as unset. Error: SettingInvalidError, which names the variable. */
export function readSettings(environment: Environment): ControlPlaneSettings {
  const optional = ({ variable }: Setting): string | null => environment[variable] || null;
  const needed = (setting: Setting, accepted: string): string => {
    const value = optional(setting)?.trim();
    if (!value) throw new SettingInvalidError(setting.variable, accepted);
    return value;
  };
  const number = (setting: NumberSetting): number => {
    const { variable, usual, least, most } = setting;
    const value = optional(setting);
    if (value === null) return usual;
    if (!/^[0-9]{1,9}$/.test(value) || Number(value) < least || Number(value) > most) {
      throw new SettingInvalidError(variable, `a whole number from ${least} to ${most}`, value);
    }
    return Number(value);
  };
  const list = (value: string): readonly string[] =>
    value
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  const busServers = list(needed(SETTINGS.natsUrl, 'the address of nats-server, such as nats://127.0.0.1:4222'));
  return {
    databaseUrl: needed(SETTINGS.databaseUrl, 'the address of Postgres, such as postgres://user@host/database'),
    busServers,
    busAdvertised: list(optional(SETTINGS.natsAdvertiseUrl) ?? busServers.join(',')),
    keysFolder: needed(SETTINGS.keysDir, 'a folder for keys'),
    listen: list(optional(SETTINGS.httpListen) ?? SETTINGS.httpListen.usual).map((value) => parseListen(value)),
    trustedProxies: list(optional(SETTINGS.trustedProxies) ?? '').map(parseProxy),
    bootstrapTokenFile: optional(SETTINGS.bootstrapTokenFile),
    localCredentialSeconds: number(SETTINGS.localCredentialSeconds),
    credentialSeconds: number(SETTINGS.credentialSeconds),
    enrollmentTokenSeconds: number(SETTINGS.enrollmentTokenSeconds),
    sessionSeconds: number(SETTINGS.sessionSeconds),
    consoleFolder: optional(SETTINGS.consoleDir) ?? BUILT_CONSOLE,
    eventStreams: number(SETTINGS.eventStreams),
    offlineAfterMs: number(SETTINGS.offlineAfterSeconds) * 1_000,
    staleAfterMs: number(SETTINGS.staleAfterSeconds) * 1_000,
    requestsPerMinute: number(SETTINGS.requestsPerMinute),
    publicRequestsPerMinute: number(SETTINGS.publicRequestsPerMinute),
    storeGiveUpAfterMs: number(SETTINGS.storeTimeoutSeconds) * 1_000,
    memberBounds: {
      messagesPerSecond: number(SETTINGS.memberMessages),
      bytesPerSecond: number(SETTINGS.memberKilobytes) * 1_024,
      networks: number(SETTINGS.memberNetworks),
      sandboxes: number(SETTINGS.memberSandboxes),
    },
    mesh: readMeshSettings(environment, (name, accepted) => new SettingInvalidError(name, accepted)),
    meshKeySeconds: number(SETTINGS.meshKeySeconds),
  };
}

function parseProxy(value: string): string {
  const [address = '', bits, ...rest] = value.split('/');
  const family = isIP(address);
  const mostBits = family === 4 ? 32 : 128;
  const isNetwork = bits === undefined || (/^[0-9]{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= mostBits);
  if (family === 0 || !isNetwork || rest.length > 0) {
    const accepted = 'addresses or networks, with commas, such as 10.0.0.7,192.168.4.0/24';
    throw new SettingInvalidError(SETTINGS.trustedProxies.variable, accepted, value);
  }
  return value;
}

/** `host:port`, an IPv6 host in brackets; `name`: what an error calls it. Error: SettingInvalidError. */
export function parseListen(value: string, name = SETTINGS.httpListen.variable): Listen {
  const match = /^(\[[0-9a-f:]+\]|[^:\s]+):([0-9]{1,5})$/i.exec(value);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) {
    throw new SettingInvalidError(name, 'host:port, such as 10.0.0.1:7080 or [::1]:7080', value);
  }
  return { host: (match[1] ?? '').replace(/^\[|\]$/g, ''), port };
}
