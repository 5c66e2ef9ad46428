import { createHash } from 'node:crypto';
import { InvalidInputError } from '#libs/contracts/errors.js';
import type { SandboxId } from '#libs/contracts/ids.js';

/** Interface names have at most 15 characters (IFNAMSIZ): this prefix, and eleven characters of a hash (44 bits). */
const INTERFACE_PREFIX = 'gs';
const HASH_DIGITS = 11;

/** The prefix of an agent's namespace names. Namespaces with it belong to the agent, which removes stale ones. */
export function parseNamespacePrefix(value: unknown, field: string): string {
  if (typeof value !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(value)) {
    throw new InvalidInputError(
      field,
      value,
      '1 to 64 of letters, digits, _ . and -, beginning with a letter or digit',
    );
  }
  return value;
}

export function namespaceName(prefix: string, sandboxId: SandboxId): string {
  return `${prefix}${sandboxId}`;
}

/** The agent's end of the link into a namespace, derived from its name, so that a restarted agent finds it. */
export function interfaceName(namespace: string): string {
  return `${INTERFACE_PREFIX}${hashOf(namespace)}`;
}

/** The agent's nftables table; each agent of a host has its own. */
export function tableName(prefix: string): string {
  return `gstacks_${hashOf(prefix)}`;
}

function hashOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, HASH_DIGITS);
}
