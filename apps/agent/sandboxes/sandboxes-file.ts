import { readFileSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { parse } from 'yaml';
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
    const reason = error instanceof Error ? error.message : String(error);
    throw new SandboxesFileError(
      'SANDBOXES_FILE_INVALID',
      isMissing ? `there is no file ${path}` : `${path}: ${reason}`,
      `${isMissing ? 'create' : 'correct'} the file; an agent that runs keeps the sandboxes that it read last`,
    );
  }
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
  const watcher = watch(dirname(path), (_event, file) => {
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
