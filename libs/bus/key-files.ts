import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { writeErrorOf } from '#libs/contracts/disk-full.js';
import { CodedError } from '#libs/contracts/errors.js';

/** A file that should hold a key, and holds something else, or cannot be read. */
export class KeyFileUnusableError extends CodedError {}

/** One key in a file of its own. */
export interface KeyFile<T> {
  readonly name: string;
  /** In an error's words, such as `the seed of a NATS account`. */
  readonly holds: string;
  /** Throws for a text that is no such key. */
  readonly parse: (text: string) => T;
}

/** A folder of secrets, one a file, readable by its owner alone. */
export class KeyFiles {
  /** `remedy`: what somebody is to do about a file that cannot be used. */
  constructor(
    private readonly folder: string,
    private readonly remedy: string,
  ) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
  }

  /**
   * The key, or null when there is no file. Error: KeyFileUnusableError, which names the file and quotes nothing of it.
   */
  read<T>({ name, holds, parse }: KeyFile<T>): T | null {
    let text: string;
    try {
      text = readFileSync(this.path(name), 'utf8').trim();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
      if (code === 'ENOENT') return null;
      throw this.unusable(name, `cannot be read: ${code}`);
    }
    try {
      return parse(text);
    } catch {
      throw this.unusable(name, text === '' ? 'is empty' : `does not hold ${holds}`);
    }
  }

  /** The key; made and kept when there is no file. Error: KeyFileUnusableError. */
  readOrCreate<T>(file: KeyFile<T>, create: () => string): T {
    return this.read(file) ?? file.parse(this.keep(file.name, create()));
  }

  /**
   * Makes the file as a whole, and onto the disk: after a crash it is there, or is not. Returns the text that is
   * kept: another process may have made the file since it was looked for, and goes by what it wrote. Errors:
   * DiskFullError, or the system's.
   */
  keep(name: string, text: string): string {
    try {
      return this.write(name, text);
    } catch (error) {
      throw writeErrorOf(this.path(name), error);
    }
  }

  private write(name: string, text: string): string {
    const path = this.path(name);
    const aside = `${path}.${process.pid}.new`;
    try {
      writeFileSync(aside, `${text}\n`, { mode: 0o600, flush: true });
      // Unlike a rename, this fails where there is a file.
      linkSync(aside, path);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      return readFileSync(path, 'utf8').trim();
    } finally {
      rmSync(aside, { force: true });
    }
    const folder = openSync(this.folder, 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
    return text;
  }

  unusable(name: string, why: string): KeyFileUnusableError {
    return new KeyFileUnusableError('KEY_FILE_UNUSABLE', `${this.path(name)} ${why}`, this.remedy);
  }

  path(name: string): string {
    return join(this.folder, name);
  }
}

/** Of the folder that belongs to a store. */
export const RESTORE_KEYS = 'put the file back from a backup of the keys folder that was kept with this database';
