import { CodedError } from './errors.js';

/** A file could not be written because its disk is full. */
export class DiskFullError extends CodedError {
  constructor(path: string) {
    super(
      'DISK_FULL',
      `${path} cannot be written: no space is left on its disk`,
      'free space on that disk; the write is repeated automatically',
    );
  }
}

/** The operating system's codes for a full disk and a used-up quota. */
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT']);

/** The error of a write to this file, named in it; DiskFullError if the disk is full. */
export function writeErrorOf(path: string, error: unknown): unknown {
  const isFull = error instanceof Error && 'code' in error && NO_ROOM.has(String(error.code));
  return isFull ? new DiskFullError(path) : error;
}
