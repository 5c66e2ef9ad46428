import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { CodedError } from '#libs/contracts/errors.js';

/** Settings by name. An empty one counts as not set. */
export type Settings = { readonly [name: string]: string | undefined };

/** A file that settings are to be read from cannot be read. */
export class ConfigFileError extends CodedError {}

/**
 * The environment, and of a file of `NAME=value` lines what the environment does not have. Without a name the usual
 * file is read, where there is one. Error: ConfigFileError.
 */
export function withConfigFile(environment: Settings, named: string | null, usual: string): Settings {
  const file = named ?? usual;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (named === null && codeOf(error) === 'ENOENT') return environment;
    throw new ConfigFileError('CONFIG_UNREADABLE', `${file} cannot be read: ${codeOf(error)}`, 'name it with --config');
  }
  const set = Object.entries(environment).filter(([, value]) => value !== undefined && value !== '');
  return { ...parseEnv(text), ...Object.fromEntries(set) };
}

/**
 * A secret may stand in a file of its own, such as a credential of systemd: where `NAME_FILE` is set and NAME is not,
 * NAME is what the file holds. Error: ConfigFileError.
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
