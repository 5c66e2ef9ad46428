import { isIPv4 } from 'node:net';
import { join } from 'node:path';
import { InvalidInputError } from '#libs/contracts/errors.js';
import type { FieldParser } from '#libs/contracts/json-fields.js';
import { parseHttpUrl } from '#libs/contracts/urls.js';
import { parseBoolean } from '#libs/contracts/values.js';
import { parseSocketPath } from '#libs/docker-engine/socket-path.js';
import { optionalSetting, setting } from '#libs/program/setting.js';
import { SETTINGS } from '../../foundation/settings-list.js';
import { parseDnsAddress, parsePath, type Variables } from '../../foundation/variables.js';

export interface LinkSettings {
  readonly controlPlaneUrl: URL;
  /** A YAML list of links, followed while the agent runs; null: links come from the local API only. */
  readonly sandboxesFile: string | null;
  /** The unix socket of the local API. */
  readonly apiSocket: string;
  /** File that keeps the links of the local API across restarts. */
  readonly keptLinks: string;
  /** The agent's address on every link, where DNS listens. */
  readonly agentAddress: string;
  /** A further DNS listener besides that one; null: none. */
  readonly dnsAddress: string | null;
  readonly removeOnExit: boolean;
  /** DNS queries per second that one sandbox may send. */
  readonly queriesPerSecond: number;
}

/** The driver's own settings. */
export const LINK_SETTINGS = {
  socket: optionalSetting(
    'GLOBALSTACKS_AGENT_LINK_SOCKET',
    "Unix socket (0600) of the driver's local API",
    '`links.sock` in `GLOBALSTACKS_AGENT_STATE_DIR`',
  ),
  address: setting(
    'GLOBALSTACKS_AGENT_LINK_ADDRESS',
    '10.80.0.1',
    "The agent's address on every link, where DNS listens",
  ),
};

/** Errors: SettingMissingError, InvalidInputError. */
export function readLinkSettings(variables: Variables): LinkSettings {
  const { read, need, number } = variables;
  const { socket, address } = LINK_SETTINGS;
  const stateFolder = need(SETTINGS.stateDir, parsePath);
  return {
    controlPlaneUrl: need(SETTINGS.controlPlaneUrl, parseHttpUrl),
    sandboxesFile: read(SETTINGS.sandboxes, parsePath),
    apiSocket: read(socket, parseSocketPath) ?? parseSocketPath(join(stateFolder, 'links.sock'), socket.variable),
    keptLinks: join(stateFolder, 'links.json'),
    agentAddress: read(address, parseAddress) ?? address.usual,
    dnsAddress: read(SETTINGS.dnsAddress, parseDnsAddress),
    removeOnExit: read(SETTINGS.removeOnExit, parseBoolean) ?? SETTINGS.removeOnExit.usual,
    queriesPerSecond: number(SETTINGS.dnsRate),
  };
}

const parseAddress: FieldParser<string> = (value, field) => {
  if (typeof value !== 'string' || !isIPv4(value)) throw new InvalidInputError(field, value, 'an IPv4 address');
  return value;
};
