import { Resolver } from 'node:dns/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { OutsideName } from '#libs/contracts/ids.js';
import { TargetUnreachableError } from '../flows/dial.js';

/** Addresses of both families, IPv6 first (RFC 8305 section 4). */
export type NameAddresses = (name: OutsideName, signal: AbortSignal) => Promise<readonly string[]>;

const TRY_MS = 1_500;
const TRIES = 2;
/**
 * How long the answer of one family waits for the other's (RFC 8305 section 3): a connection cannot add addresses
 * later.
 */
const OTHER_FAMILY_MS = 300;
/** Addresses used of each family; further ones are ignored. */
const MOST_ADDRESSES = 8;
/** The name does not exist or has no such address: an answer, not a fault of the resolver. */
const NO_ADDRESS = new Set(['ENODATA', 'ENOTFOUND']);

/**
 * Resolves names with these resolvers (`address:port`), anew for each connection. Rejects with TargetUnreachableError
 * (NAME_UNRESOLVED).
 */
export function createNameAddresses(servers: readonly string[]): NameAddresses {
  return async (name, signal) => {
    if (servers.length === 0) throw unresolved(name, 'no resolver is set: see GLOBALSTACKS_AGENT_DNS_UPSTREAMS');
    if (signal.aborted) throw unresolved(name, 'the client closed the connection first');
    const resolver = new Resolver({ timeout: TRY_MS, tries: TRIES });
    resolver.setServers([...servers]);
    const cancel = () => resolver.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return await bothFamilies(resolver, name);
    } finally {
      signal.removeEventListener('abort', cancel);
      resolver.cancel();
    }
  };
}

async function bothFamilies(resolver: Resolver, name: OutsideName): Promise<readonly string[]> {
  const four: string[] = [];
  const six: string[] = [];
  const faults: string[] = [];
  const failed = (error: unknown): void => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (!NO_ADDRESS.has(code)) faults.push(code);
  };
  const asked = [
    resolver.resolve4(name).then((found) => void four.push(...found), failed),
    resolver.resolve6(name).then((found) => void six.push(...found), failed),
  ];
  await Promise.race(asked);
  if (four.length + six.length === 0) await Promise.all(asked);
  else await Promise.race([Promise.all(asked), delay(OTHER_FAMILY_MS, undefined, { ref: false })]);
  const found = [...six.slice(0, MOST_ADDRESSES), ...four.slice(0, MOST_ADDRESSES)];
  if (found.length > 0) return found;
  throw unresolved(name, faults.length > 0 ? `the resolvers do not answer: ${faults.join(', ')}` : 'it has no address');
}

function unresolved(name: OutsideName, reason: string): TargetUnreachableError {
  const remedy = 'look the name up on the host, and check GLOBALSTACKS_AGENT_DNS_UPSTREAMS';
  return new TargetUnreachableError('NAME_UNRESOLVED', `${name}: ${reason}`, remedy);
}
