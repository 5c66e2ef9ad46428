import { InvalidInputError } from '#libs/contracts/errors.js';
import type { AgentId } from '#libs/contracts/ids.js';
import type { FieldParser } from '#libs/contracts/json-fields.js';
import { parseBoolean } from '#libs/contracts/values.js';
import { parseAddressRange } from '#libs/data-plane/proxy/address-range.js';
import { readQueryRate } from '../../foundation/query-rate.js';
import { parseDnsAddress, parsePath, type Variables } from '../../foundation/variables.js';
import { parseNamespacePrefix } from './namespace-names.js';

export interface NetnsSettings {
  readonly sandboxesFile: string;
  readonly namespacePrefix: string;
  /** Links are cut out of this range. */
  readonly sandboxRange: string;
  /** A DNS listener beside those on the sandboxes' links; null: none. */
  readonly dnsAddress: string | null;
  readonly removeOnExit: boolean;
  /** Queries a second that one sandbox may send. */
  readonly queriesPerSecond: number;
}

const SANDBOX_RANGE_DEFAULT = '10.76.0.0/16';

/** Errors: SettingMissingError, InvalidInputError. */
export function readNetnsSettings(variables: Variables, agentId: AgentId): NetnsSettings {
  const { read, need } = variables;
  return {
    sandboxesFile: need('GLOBALSTACKS_AGENT_SANDBOXES', parsePath),
    // An agent's name holds no dot, so that no agent's prefix is the beginning of another's.
    namespacePrefix: read('GLOBALSTACKS_AGENT_NETNS_PREFIX', parseNamespacePrefix) ?? `gs.${agentId}.`,
    sandboxRange: read('GLOBALSTACKS_AGENT_SANDBOX_RANGE', parseSandboxRange) ?? SANDBOX_RANGE_DEFAULT,
    dnsAddress: read('GLOBALSTACKS_AGENT_MESH_DNS_ADDR', parseDnsAddress),
    removeOnExit: read('GLOBALSTACKS_AGENT_REMOVE_ON_EXIT', parseBoolean) ?? false,
    queriesPerSecond: readQueryRate(variables),
  };
}

const parseSandboxRange: FieldParser<string> = (value, field) => {
  const range = parseAddressRange(value, field);
  if (range.size < 4) throw new InvalidInputError(field, value, 'an IPv4 range with room for a link, /30 or larger');
  return range.text;
};
