import { chmodSync, closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DiskFullError, writeErrorOf } from '#libs/contracts/disk-full.js';
import { CodedError } from '#libs/contracts/errors.js';
import { makeFolder, writeForFolderOwner } from '#libs/program/folder-owner.js';

/** A key file that cannot be read, or does not hold the key it should. */
export class KeyFileUnusableError extends CodedError {}

/** A folder for keys that cannot be made, or cannot be kept from others than its owner. */
export class KeyFolderUnusableError extends CodedError {
  constructor(folder: string, reason: string) {
    const user = process.getuid?.() ?? 'of this process';
    super(
      'KEY_FOLDER_UNUSABLE',
      `${folder} cannot hold keys: ${reason}`,
      `make it a folder of the user who runs this (uid ${user}), with mode 700`,
    );
  }
}

/** One key in a file of its own. */
export interface KeyFile<T> {
  readonly name: string;
  /** What the file holds, in an error's words, such as `the seed of a NATS account`. */
  readonly holds: string;
  /** Throws if the text is no such key. */
  readonly parse: (text: string) => T;
}

/** A folder of secrets, one per file, readable by its owner alone, also when root writes them. */
export class KeyFiles {
  /** `remedy`: what to do about a file that cannot be used. Errors: KeyFolderUnusableError, DiskFullError. */
  constructor(
    private readonly folder: string,
    private readonly remedy: string,
  ) {
    try {
      makeFolder(folder);
      chmodSync(folder, 0o700);
    } catch (error) {
      const known = writeErrorOf(folder, error);
      if (known instanceof DiskFullError) throw known;
      throw new KeyFolderUnusableError(folder, error instanceof Error ? error.message : String(error));
    }
  }

  /**
   * The key, or null if there is no file. Error: KeyFileUnusableError, which names the file and quotes nothing from it.
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

  /** The key; if there is no file, makes the key and keeps it. Error: KeyFileUnusableError. */
  readOrCreate<T>(file: KeyFile<T>, create: () => string): T {
    return this.read(file) ?? file.parse(this.keep(file.name, create()));
  }

  /**
   * Writes the file atomically and durably. Returns the text that is kept: if another process has made the file since
   * it was looked for, that one's text. Errors: DiskFullError, or the system's.
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
      writeForFolderOwner(aside, `${text}\n`);
      // Unlike a rename, this fails if the file exists.
      linkSync(aside, path);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      return readFileSync(path, 'utf8').trim();
    } finally {
      rmSync(aside, { force: true });
    }
    this.syncFolder();
    return text;
  }

  /** Writes the file, whether or not it is there. Atomic and durable. Errors: DiskFullError, or the system's. */
  rewrite(name: string, text: string): void {
    const path = this.path(name);
    const aside = `${path}.${process.pid}.new`;
    try {
      writeForFolderOwner(aside, `${text}\n`);
      renameSync(aside, path);
    } catch (error) {
      rmSync(aside, { force: true });
      throw writeErrorOf(path, error);
    }
    this.syncFolder();
  }

  /** The file `by` takes the place of `name`, whose content is gone then. Atomic and durable. */
  replace(name: string, by: string): void {
    renameSync(this.path(by), this.path(name));
    this.syncFolder();
  }

  private syncFolder(): void {
    const folder = openSync(this.folder, 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  }

  unusable(name: string, why: string): KeyFileUnusableError {
    return new KeyFileUnusableError('KEY_FILE_UNUSABLE', `${this.path(name)} ${why}`, this.remedy);
  }

  path(name: string): string {
    return join(this.folder, name);
  }
}

/** Remedy for files of a store's keys folder. */
export const RESTORE_KEYS = 'put the file back from a backup of the keys folder that was kept with this database';
