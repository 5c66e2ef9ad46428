import { isIPv4 } from 'node:net';
import { join } from 'node:path';
import { InvalidInputError } from '#libs/contracts/errors.js';
import type { FieldParser } from '#libs/contracts/json-fields.js';
import { parseBoolean } from '#libs/contracts/values.js';
import { parseSocketPath } from '#libs/docker-engine/socket-path.js';
import { readQueryRate } from '../../foundation/query-rate.js';
import { parseDnsAddress, parsePath, type Variables } from '../../foundation/variables.js';

export interface LinkSettings {
  /** A YAML list of links, watched; null: links come by the local API alone. */
  readonly sandboxesFile: string | null;
  /** The local API's unix socket. */
  readonly apiSocket: string;
  /** Where links of the local API are kept over a restart. */
  readonly keptLinks: string;
  /** The agent's address on every link, where DNS listens. */
  readonly agentAddress: string;
  /** A DNS listener beside that one; null: none. */
  readonly dnsAddress: string | null;
  readonly removeOnExit: boolean;
  /** Queries a second that one sandbox may send. */
  readonly queriesPerSecond: number;
}

/** The driver's own variables. Errors: SettingMissingError, InvalidInputError. */
export function readLinkSettings(variables: Variables): LinkSettings {
  const { read, need } = variables;
  const stateFolder = need('GLOBALSTACKS_AGENT_STATE_DIR', parsePath);
  const socket = 'GLOBALSTACKS_AGENT_LINK_SOCKET';
  return {
    sandboxesFile: read('GLOBALSTACKS_AGENT_SANDBOXES', parsePath),
    apiSocket: read(socket, parseSocketPath) ?? parseSocketPath(join(stateFolder, 'links.sock'), socket),
    keptLinks: join(stateFolder, 'links.json'),
    agentAddress: read('GLOBALSTACKS_AGENT_LINK_ADDRESS', parseAddress) ?? '10.80.0.1',
    dnsAddress: read('GLOBALSTACKS_AGENT_MESH_DNS_ADDR', parseDnsAddress),
    removeOnExit: read('GLOBALSTACKS_AGENT_REMOVE_ON_EXIT', parseBoolean) ?? false,
    queriesPerSecond: readQueryRate(variables),
  };
}

const parseAddress: FieldParser<string> = (value, field) => {
  if (typeof value !== 'string' || !isIPv4(value)) throw new InvalidInputError(field, value, 'an IPv4 address');
  return value;
};
