import { type Given, UsageError } from '#libs/program/command-line.js';
import { type Settings, withConfigFile, withSecretFiles } from '#libs/program/config-file.js';
import { trustAuthorities } from '#libs/program/trusted-authorities.js';

/** Where a control plane that was installed keeps its settings. */
const CONFIG_FILE = '/etc/globalstacks/control-plane.env';

const SECRETS = ['GLOBALSTACKS_DATABASE_URL', 'GLOBALSTACKS_MESH_API_TOKEN', 'GLOBALSTACKS_MESH_AUTH_KEY'];

export const CONFIG_OPTION = { config: { type: 'string' } } as const;
export const CONFIG_USAGE = `--config FILE  settings, as NAME=value lines, that the environment does not have; usually
                 ${CONFIG_FILE}`;

/** The settings of a command: its environment, then its file, then the files of its secrets. Error: ConfigFileError. */
export function settingsOf(given: Given, environment: Settings): Settings {
  return completed(withConfigFile(environment, given.one('config'), CONFIG_FILE));
}

/** As settingsOf, where everything is in the environment. */
export function completed(settings: Settings): Settings {
  trustAuthorities(settings.GLOBALSTACKS_CA_FILE);
  return withSecretFiles(settings, SECRETS);
}

/** A setting that the command cannot do without. Error: UsageError. */
export function needSetting(settings: Settings, name: string): string {
  const value = settings[name];
  if (!value) throw new UsageError(`${name} is not set`, `set ${name}, or name a file with --config`);
  return value;
}
