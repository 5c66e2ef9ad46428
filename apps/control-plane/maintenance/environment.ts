import { type Given, UsageError } from '#libs/program/command-line.js';
import { loadConfigFile, readSecretFiles } from '#libs/program/config-file.js';
import { trustAuthorities } from '#libs/program/trusted-authorities.js';

/** Where a control plane that was installed keeps its settings. */
export const CONFIG_FILE = '/etc/globalstacks/control-plane.env';

const SECRETS = ['GLOBALSTACKS_DATABASE_URL', 'GLOBALSTACKS_MESH_API_TOKEN', 'GLOBALSTACKS_MESH_AUTH_KEY'];

export const CONFIG_OPTION = { config: { type: 'string' } } as const;
export const CONFIG_USAGE = `--config FILE  settings, as NAME=value lines, that the environment does not have; usually ${CONFIG_FILE}`;

/** The settings of a command: its environment, then its file, then the files of its secrets. Error: ConfigFileError. */
export function prepareEnvironment(given: Given): NodeJS.ProcessEnv {
  loadConfigFile(given.one('config'), CONFIG_FILE);
  return completeEnvironment();
}

/** As prepareEnvironment, where everything is in the environment. */
export function completeEnvironment(): NodeJS.ProcessEnv {
  readSecretFiles(SECRETS);
  trustAuthorities(process.env.GLOBALSTACKS_CA_FILE);
  return process.env;
}

/** A setting that the command cannot do without. Error: UsageError. */
export function needSetting(environment: NodeJS.ProcessEnv, name: string): string {
  const value = environment[name];
  if (!value) throw new UsageError(`${name} is not set`, `set ${name}, or name a file with --config`);
  return value;
}
