import { InvalidInputError } from '#libs/contracts/errors.js';
import type { AgentId } from '#libs/contracts/ids.js';
import type { FieldParser } from '#libs/contracts/json-fields.js';
import { parseBoolean } from '#libs/contracts/values.js';
import { parseAddressRange } from '#libs/data-plane/proxy/address-range.js';
import { parseSocketPath } from '#libs/docker-engine/socket-path.js';
import { setting } from '#libs/program/setting.js';
import { SETTINGS } from '../../foundation/settings-list.js';
import { parseDnsAddress, type Variables } from '../../foundation/variables.js';

export interface DockerSettings {
  readonly agentId: AgentId;
  readonly socketPath: string;
  /** Name of the network that the agent makes at the Engine. */
  readonly network: string;
  /** Name of its interface on this host, and of the agent's rules. */
  readonly bridge: string;
  /** Contains the gateway, the containers and the proxy addresses. */
  readonly subnet: string;
  /** A further DNS listener besides the one at the gateway; null: none. */
  readonly dnsAddress: string | null;
  readonly removeOnExit: boolean;
  /** DNS queries per second that one sandbox may send. */
  readonly queriesPerSecond: number;
}

const LARGEST_PREFIX_BITS = 26;

/** The driver's own settings. */
export const DOCKER_SETTINGS = {
  socket: setting(
    'GLOBALSTACKS_AGENT_DOCKER_SOCKET',
    '/var/run/docker.sock',
    "The Engine's unix socket, also as `unix:///path`",
  ),
  network: setting('GLOBALSTACKS_AGENT_DOCKER_NETWORK', 'gstacks', 'Name of the Docker network that the agent makes'),
  bridge: setting(
    'GLOBALSTACKS_AGENT_DOCKER_BRIDGE',
    'gstacks0',
    "That network's interface on the host, and the name of the agent's nftables tables",
  ),
  subnet: setting(
    'GLOBALSTACKS_AGENT_DOCKER_SUBNET',
    '10.78.0.0/16',
    'Subnet of that network. Its first address is the gateway, where DNS listens; containers get the lower half, proxies the upper half',
  ),
};

/** Error: InvalidInputError. */
export function readDockerSettings(variables: Variables, agentId: AgentId): DockerSettings {
  const { read, number } = variables;
  return {
    agentId,
    dnsAddress: read(SETTINGS.dnsAddress, parseDnsAddress),
    removeOnExit: read(SETTINGS.removeOnExit, parseBoolean) ?? SETTINGS.removeOnExit.usual,
    queriesPerSecond: number(SETTINGS.dnsRate),
    socketPath: read(DOCKER_SETTINGS.socket, parseSocketPath) ?? DOCKER_SETTINGS.socket.usual,
    network: read(DOCKER_SETTINGS.network, parseNetworkName) ?? DOCKER_SETTINGS.network.usual,
    bridge: read(DOCKER_SETTINGS.bridge, parseBridgeName) ?? DOCKER_SETTINGS.bridge.usual,
    subnet: read(DOCKER_SETTINGS.subnet, parseSubnet) ?? DOCKER_SETTINGS.subnet.usual,
  };
}

const parseNetworkName: FieldParser<string> = (value, field) => {
  if (typeof value !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/.test(value)) {
    throw new InvalidInputError(field, value, 'a name of a Docker network: letters, digits, _ . and -');
  }
  return value;
};

/** At most 15 characters (IFNAMSIZ), and usable as an nftables identifier, since the agent's tables have this name. */
const parseBridgeName: FieldParser<string> = (value, field) => {
  if (typeof value !== 'string' || !/^[A-Za-z][A-Za-z0-9_]{0,14}$/.test(value)) {
    throw new InvalidInputError(field, value, '1 to 15 of letters, digits and _, beginning with a letter');
  }
  return value;
};

const parseSubnet: FieldParser<string> = (value, field) => {
  const { text, size } = parseAddressRange(value, field);
  if (size < 2 ** (32 - LARGEST_PREFIX_BITS)) {
    throw new InvalidInputError(field, value, `an IPv4 range of /${LARGEST_PREFIX_BITS} or larger`);
  }
  return text;
};
