import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { writeErrorOf } from '#libs/contracts/disk-full.js';

/**
 * Replaces the file atomically. For one process at a time, because the new content is first written to a file beside
 * it. Errors: DiskFullError, or the system's.
 */
export function writeWhole(path: string, text: string, mode: number): void {
  try {
    writeFileSync(`${path}.new`, text, { mode });
    chmodSync(`${path}.new`, mode);
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw writeErrorOf(path, error);
  }
}
