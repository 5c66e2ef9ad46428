import { InvalidInputError } from '#libs/contracts/errors.js';
import type { AgentId } from '#libs/contracts/ids.js';
import type { FieldParser } from '#libs/contracts/json-fields.js';
import { parseBoolean } from '#libs/contracts/values.js';
import { parseAddressRange } from '#libs/data-plane/proxy/address-range.js';
import { parseSocketPath } from '#libs/docker-engine/socket-path.js';
import { readQueryRate } from '../../foundation/query-rate.js';
import { parseDnsAddress, type Variables } from '../../foundation/variables.js';

export interface DockerSettings {
  readonly agentId: AgentId;
  readonly socketPath: string;
  /** The network that the agent makes at the Engine. */
  readonly network: string;
  /** Its interface on this host; names the agent's rules too. */
  readonly bridge: string;
  /** Gateway, containers and proxy addresses are in it. */
  readonly subnet: string;
  /** A DNS listener beside the one at the gateway; null: none. */
  readonly dnsAddress: string | null;
  readonly removeOnExit: boolean;
  /** Queries a second that one sandbox may send. */
  readonly queriesPerSecond: number;
}

const LARGEST_PREFIX_BITS = 26;

/** The driver's own variables. Throws InvalidInputError. */
export function readDockerSettings(variables: Variables, agentId: AgentId): DockerSettings {
  const { read } = variables;
  return {
    agentId,
    dnsAddress: read('GLOBALSTACKS_AGENT_MESH_DNS_ADDR', parseDnsAddress),
    removeOnExit: read('GLOBALSTACKS_AGENT_REMOVE_ON_EXIT', parseBoolean) ?? false,
    queriesPerSecond: readQueryRate(variables),
    socketPath: read('GLOBALSTACKS_AGENT_DOCKER_SOCKET', parseSocketPath) ?? '/var/run/docker.sock',
    network: read('GLOBALSTACKS_AGENT_DOCKER_NETWORK', parseNetworkName) ?? 'gstacks',
    bridge: read('GLOBALSTACKS_AGENT_DOCKER_BRIDGE', parseBridgeName) ?? 'gstacks0',
    subnet: read('GLOBALSTACKS_AGENT_DOCKER_SUBNET', parseSubnet) ?? '10.78.0.0/16',
  };
}

const parseNetworkName: FieldParser<string> = (value, field) => {
  if (typeof value !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/.test(value)) {
    throw new InvalidInputError(field, value, 'a name of a Docker network: letters, digits, _ . and -');
  }
  return value;
};

/** IFNAMSIZ, and an identifier of nftables, whose tables it names. */
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
