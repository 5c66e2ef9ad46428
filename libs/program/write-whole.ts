import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { writeErrorOf } from '#libs/contracts/disk-full.js';

/**
 * Writes the whole file or leaves the old one. One process at a time: the new file is first written aside. Errors:
 * DiskFullError, or the system's.
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
