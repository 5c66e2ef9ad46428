import { readFileSync } from 'node:fs';
import { CodedError } from '#libs/contracts/errors.js';
import { SETTINGS } from './settings-list.js';

/** The form of API tokens. */
export const TOKEN_FORM = /^[A-Za-z0-9_-]{20,200}$/;

/**
 * The first admin's token, which is read from a file, so that no list of processes shows it. Errors: CodedErrors
 * BOOTSTRAP_TOKEN_UNREADABLE, BOOTSTRAP_TOKEN_INVALID.
 */
export function readBootstrapToken(file: string): string {
  const name = SETTINGS.bootstrapTokenFile.variable;
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new CodedError(
      'BOOTSTRAP_TOKEN_UNREADABLE',
      `${file}, which ${name} names, cannot be read: ${reason}`,
      `set ${name} to a file that this user can read, or leave it unset once there is another admin`,
    );
  }
  if (TOKEN_FORM.test(token)) return token;
  throw new CodedError(
    'BOOTSTRAP_TOKEN_INVALID',
    `${file}, which ${name} names, does not hold a token of 20 to 200 letters, digits, _ and -`,
    'write a random token into that file, such as with: openssl rand -hex 32',
  );
}
