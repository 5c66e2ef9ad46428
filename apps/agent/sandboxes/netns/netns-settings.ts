import { InvalidInputError } from '#libs/contracts/errors.js';
import type { AgentId } from '#libs/contracts/ids.js';
import type { FieldParser } from '#libs/contracts/json-fields.js';
import { parseBoolean } from '#libs/contracts/values.js';
import { parseAddressRange } from '#libs/data-plane/proxy/address-range.js';
import { optionalSetting, setting } from '#libs/program/setting.js';
import { SETTINGS } from '../../foundation/settings-list.js';
import { parseDnsAddress, parsePath, type Variables } from '../../foundation/variables.js';
import { parseNamespacePrefix } from './namespace-names.js';

export interface NetnsSettings {
  readonly sandboxesFile: string;
  readonly namespacePrefix: string;
  /** Each sandbox's link gets a /30 of this range. */
  readonly sandboxRange: string;
  /** A further DNS listener besides those on the sandboxes' links; null: none. */
  readonly dnsAddress: string | null;
  readonly removeOnExit: boolean;
  /** DNS queries per second that one sandbox may send. */
  readonly queriesPerSecond: number;
}

/** The driver's own settings. */
export const NETNS_SETTINGS = {
  namespacePrefix: optionalSetting(
    'GLOBALSTACKS_AGENT_NETNS_PREFIX',
    "Prefix of the names of this agent's namespaces. The agent removes every namespace with this prefix that it does not list, so no other agent's prefix may begin with it",
    '`gs.<name>.`',
  ),
  sandboxRange: setting(
    'GLOBALSTACKS_AGENT_SANDBOX_RANGE',
    '10.76.0.0/16',
    'Range of sandbox addresses: each sandbox gets a /30 of it, and a /64 of an RFC 4193 prefix',
  ),
};

/** Errors: SettingMissingError, InvalidInputError. */
export function readNetnsSettings(variables: Variables, agentId: AgentId): NetnsSettings {
  const { read, need, number } = variables;
  return {
    sandboxesFile: need(SETTINGS.sandboxes, parsePath),
    // An agent's name contains no dot, so no agent's prefix begins with another's.
    namespacePrefix: read(NETNS_SETTINGS.namespacePrefix, parseNamespacePrefix) ?? `gs.${agentId}.`,
    sandboxRange: read(NETNS_SETTINGS.sandboxRange, parseSandboxRange) ?? NETNS_SETTINGS.sandboxRange.usual,
    dnsAddress: read(SETTINGS.dnsAddress, parseDnsAddress),
    removeOnExit: read(SETTINGS.removeOnExit, parseBoolean) ?? SETTINGS.removeOnExit.usual,
    queriesPerSecond: number(SETTINGS.dnsRate),
  };
}

const parseSandboxRange: FieldParser<string> = (value, field) => {
  const range = parseAddressRange(value, field);
  if (range.size < 4) throw new InvalidInputError(field, value, 'an IPv4 range with room for a link, /30 or larger');
  return range.text;
};
