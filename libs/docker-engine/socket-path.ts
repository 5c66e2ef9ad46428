import { isAbsolute } from 'node:path';
import { InvalidInputError } from '#libs/contracts/errors.js';

/** Length of sockaddr_un.sun_path (unix(7)) without its terminating NUL. */
const MOST_CHARACTERS = 107;
const UNIX_SCHEME = 'unix://';

/** An absolute path, also in Docker's form `unix:///path`; throws InvalidInputError. */
export function parseSocketPath(value: unknown, field: string): string {
  const path = typeof value === 'string' && value.startsWith(UNIX_SCHEME) ? value.slice(UNIX_SCHEME.length) : value;
  if (typeof path !== 'string' || !isAbsolute(path) || path.includes('\0') || path.length > MOST_CHARACTERS) {
    throw new InvalidInputError(field, value, 'the absolute path of a unix socket, such as /var/run/docker.sock');
  }
  return path;
}
