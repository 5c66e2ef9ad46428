import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeErrorOf } from '#libs/contracts/disk-full.js';
import { PostgresUnavailableError } from './postgres-binaries.js';

const PASSWORD_BYTES = 24;
/** 24 bytes in base64url. */
const PASSWORD = /^[\w-]{32}$/;

/**
 * The password for our database; a file without a valid one is written anew. Error: PostgresUnavailableError if it
 * cannot be read.
 */
export function readOrMakePassword(file: string): { readonly password: string; readonly isNew: boolean } {
  const kept = existsSync(file) ? readPassword(file) : '';
  if (PASSWORD.test(kept)) {
    chmodSync(file, 0o600);
    return { password: kept, isNew: false };
  }
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(`${file}.new`, password, { mode: 0o600, flush: true });
    renameSync(`${file}.new`, file);
  } catch (error) {
    throw writeErrorOf(file, error);
  }
  return { password, isNew: true };
}

function readPassword(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new PostgresUnavailableError(
      'POSTGRES_PASSWORD_UNREADABLE',
      `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      'make the file readable for the user who runs npm start, or delete it: the next start sets another password',
    );
  }
}
