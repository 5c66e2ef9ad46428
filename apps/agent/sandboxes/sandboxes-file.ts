import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { parse } from 'yaml';
import type { RefusedSandbox } from '#libs/contracts/bus/from-member/inventory.js';
import { CodedError } from '#libs/contracts/errors.js';

/** The sandboxes' file cannot be read, is not YAML, or has an invalid item. */
export class SandboxesFileError extends CodedError {}

const MAX_SANDBOXES = 10_000;

/** Reads the whole file with `parseEntries`; throws SandboxesFileError. */
export function readSandboxesFile<T>(
  path: string,
  parseEntries: (items: readonly unknown[]) => readonly T[],
): readonly T[] {
  try {
    const document: unknown = parse(readFileSync(path, 'utf8'));
    // An empty file is probably just being written: a list without sandboxes is [].
    if (!Array.isArray(document)) throw new Error('expected a list of sandboxes, [] for none');
    if (document.length > MAX_SANDBOXES) throw new Error(`more than ${MAX_SANDBOXES} sandboxes`);
    return parseEntries(document);
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    // The parser of YAML draws the place of an error in further lines.
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new SandboxesFileError(
      'SANDBOXES_FILE_INVALID',
      isMissing ? `there is no file ${path}` : `${path}: ${reason}`,
      `${isMissing ? 'create' : 'correct'} the file; an agent that runs keeps the sandboxes that it read last`,
    );
  }
}

/**
 * Whether the file could be used when it was last read. While it cannot, the agent keeps the sandboxes that it read
 * before, and its inventory says why.
 */
export class SandboxesFileState {
  private fault: RefusedSandbox | null = null;

  constructor(private readonly onError: (error: unknown) => void) {}

  refused(): readonly RefusedSandbox[] {
    return this.fault === null ? [] : [this.fault];
  }

  /** Reads the file with `read`, which answers whether the inventory changed. Answers the same, of the fault too. */
  reading(read: () => boolean): boolean {
    const before = this.fault;
    let isChanged = false;
    try {
      isChanged = read();
      this.fault = null;
    } catch (error) {
      this.onError(error);
      this.fault = faultEntry(error);
    }
    return isChanged || before?.message !== this.fault?.message;
  }
}

function faultEntry(error: unknown): RefusedSandbox {
  const { code, message, remedy } =
    error instanceof CodedError ? error : new SandboxesFileError('SANDBOXES_FILE_INVALID', String(error));
  return {
    name: 'list of sandboxes',
    sandboxId: null,
    ...{ code, message: `its list of sandboxes: ${message}`, remedy: remedy ?? 'correct the file' },
  };
}

/** Long enough for an editor that empties the file before writing it. */
const SETTLE_MS = 100;

export interface FileWatch {
  close(): void;
}

/** Calls `changed` after each change of the file. Watches the folder, so that a file renamed into place is noticed. */
export function watchSandboxesFile(path: string, changed: () => void, onError: (error: unknown) => void): FileWatch {
  const name = basename(path);
  let settling: NodeJS.Timeout | null = null;
  const watcher = watchFolder(dirname(path), (file) => {
    if (file !== null && file !== name) return;
    if (settling !== null) clearTimeout(settling);
    settling = setTimeout(changed, SETTLE_MS);
  });
  watcher.on('error', onError);
  return {
    close() {
      if (settling !== null) clearTimeout(settling);
      watcher.close();
    },
  };
}

function watchFolder(folder: string, changed: (file: string | null) => void): FSWatcher {
  try {
    return watch(folder, (_event, file) => changed(file));
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new SandboxesFileError(
      'SANDBOXES_FILE_INVALID',
      `${folder}, the folder of the list of sandboxes, cannot be watched: ${reason}`,
      'make the folder and the file in it, or name another file in GLOBALSTACKS_AGENT_SANDBOXES',
    );
  }
}
