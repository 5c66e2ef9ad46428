import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { CodedError } from '#libs/contracts/errors.js';

/** Settings by name. An empty one counts as unset. */
export type Settings = { readonly [name: string]: string | undefined };

/** A settings file, or the file of a secret, cannot be read. */
export class ConfigFileError extends CodedError {}

/**
 * The environment, completed from a file of `NAME=value` lines. Without `named`, the usual file is read if it exists.
 * Error: ConfigFileError.
 */
export function withConfigFile(environment: Settings, named: string | null, usual: string): Settings {
  const file = named ?? usual;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (named === null && codeOf(error) === 'ENOENT') return environment;
    const remedy =
      codeOf(error) === 'ENOENT'
        ? `check the path after --config; without --config, ${usual} is read if it is there`
        : 'run this as root or as another user who can read the file';
    throw new ConfigFileError('CONFIG_UNREADABLE', `${file} cannot be read: ${codeOf(error)}`, remedy);
  }
  const set = Object.entries(environment).filter(([, value]) => value !== undefined && value !== '');
  return { ...parseEnv(text), ...Object.fromEntries(set) };
}

/**
 * Reads secrets from files, such as systemd credentials: if `NAME_FILE` is set and NAME is not, NAME becomes the file's
 * content. Error: ConfigFileError.
 */
export function withSecretFiles(settings: Settings, names: readonly string[]): Settings {
  const read = names.flatMap((name) => {
    const file = settings[`${name}_FILE`];
    if (settings[name] || !file) return [];
    try {
      return [[name, readFileSync(file, 'utf8').trim()]];
    } catch (error) {
      const remedy = `set ${name}_FILE to a file that this user can read`;
      throw new ConfigFileError('CONFIG_UNREADABLE', `${file} cannot be read: ${codeOf(error)}`, remedy);
    }
  });
  return { ...settings, ...Object.fromEntries(read) };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
