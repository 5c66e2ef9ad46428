import { type Given, UsageError } from '#libs/program/command-line.js';
import { type Settings, withConfigFile, withSecretFiles } from '#libs/program/config-file.js';
import { trustAuthorities } from '#libs/program/trusted-authorities.js';
import { SETTINGS } from '../foundation/settings-list.js';

/** The settings file of an installed control plane. */
const CONFIG_FILE = '/etc/globalstacks/control-plane.env';

const SECRETS = [SETTINGS.databaseUrl, SETTINGS.meshApiToken, SETTINGS.meshAuthKey].map(({ variable }) => variable);

export const CONFIG_OPTION = { config: { type: 'string' } } as const;
export const CONFIG_USAGE = `--config FILE  settings, as NAME=value lines, that the environment does not have; usually
                 ${CONFIG_FILE}`;

/**
 * The settings of a command: from its environment, else from its settings file; secrets also from files of their own.
 * Error: ConfigFileError.
 */
export function settingsOf(given: Given, environment: Settings): Settings {
  return completed(withConfigFile(environment, given.one('config'), CONFIG_FILE));
}

/** As settingsOf, without a settings file. Trusts the certificate authorities of CA_FILE from then on. */
export function completed(settings: Settings): Settings {
  trustAuthorities(settings[SETTINGS.caFile.variable]);
  return withSecretFiles(settings, SECRETS);
}

/** A setting that the command needs. Error: UsageError. */
export function needSetting(settings: Settings, name: string): string {
  const value = settings[name];
  if (!value) throw new UsageError(`${name} is not set`, `set ${name}, or name a file with --config`);
  return value;
}
