import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { CodedError } from '#libs/contracts/errors.js';

/** The file of settings that a command line names cannot be read. */
export class ConfigFileError extends CodedError {}

/**
 * Adds the settings of a file of `NAME=value` lines to the environment of this process, which goes before the file.
 * Without a name the usual file is read, where there is one. Returns the file that was read. Error: ConfigFileError.
 */
export function loadConfigFile(named: string | null, usual: string): string | null {
  const file = named ?? usual;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (named === null && code === 'ENOENT') return null;
    throw new ConfigFileError('CONFIG_UNREADABLE', `${file} cannot be read: ${code}`, `name a file with --config`);
  }
  for (const [name, value] of Object.entries(parseEnv(text))) if (!process.env[name]) process.env[name] = value;
  return file;
}

/**
 * A secret may stand in a file of its own, such as a credential of systemd: where `NAME_FILE` is set and NAME is not,
 * NAME becomes what the file holds, for this process alone. Error: ConfigFileError.
 */
export function readSecretFiles(names: readonly string[]): void {
  for (const name of names) {
    const file = process.env[`${name}_FILE`];
    if (process.env[name] || !file) continue;
    try {
      process.env[name] = readFileSync(file, 'utf8').trim();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      throw new ConfigFileError('CONFIG_UNREADABLE', `${file} cannot be read: ${code}`, `set ${name}_FILE to a file`);
    }
  }
}
