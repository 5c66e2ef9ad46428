import { parseBoolean } from '#libs/contracts/values.js';
import { parseDnsAddress, parsePath, type Variables } from '../../foundation/variables.js';

export interface StaticSettings {
  readonly sandboxesFile: string;
  readonly dnsAddress: string;
  /** The operator vouches for addresses that are not this machine's own. */
  readonly trustAddresses: boolean;
}

const DNS_ADDRESS_DEFAULT = '127.0.0.1:1053';

/** Errors: SettingMissingError, InvalidInputError. */
export function readStaticSettings({ read, need }: Variables): StaticSettings {
  return {
    sandboxesFile: need('GLOBALSTACKS_AGENT_SANDBOXES', parsePath),
    dnsAddress: read('GLOBALSTACKS_AGENT_MESH_DNS_ADDR', parseDnsAddress) ?? DNS_ADDRESS_DEFAULT,
    trustAddresses: read('GLOBALSTACKS_AGENT_TRUST_ADDRESSES', parseBoolean) ?? false,
  };
}
