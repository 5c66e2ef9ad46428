import { parseBoolean } from '#libs/contracts/values.js';
import { setting } from '#libs/program/setting.js';
import { SETTINGS } from '../../foundation/settings-list.js';
import { parseDnsAddress, parsePath, type Variables } from '../../foundation/variables.js';

export interface StaticSettings {
  readonly sandboxesFile: string;
  readonly dnsAddress: string;
  /** Accept addresses outside 127.0.0.0/8, for which the operator vouches. */
  readonly trustAddresses: boolean;
}

const DNS_ADDRESS_DEFAULT = '127.0.0.1:1053';

/** The driver's own settings. */
export const STATIC_SETTINGS = {
  trustAddresses: setting('GLOBALSTACKS_AGENT_TRUST_ADDRESSES', false, 'Accept addresses outside 127.0.0.0/8'),
};

/** Errors: SettingMissingError, InvalidInputError. */
export function readStaticSettings({ read, need }: Variables): StaticSettings {
  return {
    sandboxesFile: need(SETTINGS.sandboxes, parsePath),
    dnsAddress: read(SETTINGS.dnsAddress, parseDnsAddress) ?? DNS_ADDRESS_DEFAULT,
    trustAddresses: read(STATIC_SETTINGS.trustAddresses, parseBoolean) ?? STATIC_SETTINGS.trustAddresses.usual,
  };
}
