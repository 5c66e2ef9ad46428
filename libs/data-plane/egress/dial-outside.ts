import { isIP } from 'node:net';
import type { OutsideName } from '#libs/contracts/ids.js';
import type { DialOutside, OutsideDialTarget } from '../data-plane.js';
import { connectEnd } from '../flows/connect-end.js';
import { TargetUnreachableError } from '../flows/dial.js';
import type { NameLookups } from './name-lookups.js';
import type { IsRefused } from './refused-addresses.js';

/** With several addresses, each gets this long before the next is tried. */
const ATTEMPT_MS = 500;

export interface OutsideDialParts {
  readonly addressesOf: NameLookups;
  readonly isRefused: IsRefused;
  /** Called with the addresses of a name that are not dialled. */
  readonly refused: (name: OutsideName, addresses: readonly string[]) => void;
}

/** How this host reaches names outside. */
export interface OutsideDialer {
  /** The addresses that would be dialled. Rejects with TargetUnreachableError, also if there are none. */
  readonly resolve: (target: OutsideDialTarget, signal: AbortSignal, askedBy: string) => Promise<readonly string[]>;
  readonly dial: DialOutside;
}

/**
 * Resolves the name anew for each connection and dials exactly the addresses that were checked, alternating families
 * (RFC 8305, by Node's autoSelectFamily).
 */
export function createOutsideDialer({ addressesOf, isRefused, refused }: OutsideDialParts): OutsideDialer {
  const resolve: OutsideDialer['resolve'] = async ({ name, mayBePrivate }, signal, askedBy) => {
    const found = await addressesOf(name, askedBy, signal);
    const bad = found.filter((address) => isRefused(address, mayBePrivate));
    if (bad.length > 0) refused(name, bad);
    if (bad.length < found.length) return found.filter((address) => !bad.includes(address));
    const remedy =
      'to allow a private or loopback address, add a rule with --private; the other refused ranges are never allowed';
    throw new TargetUnreachableError(
      'TARGET_FORBIDDEN',
      `${name} resolves to ${bad.join(', ')}, which the agent does not dial`,
      remedy,
    );
  };
  const dial: DialOutside = async (target, signal, askedBy) => {
    const addresses = await resolve(target, signal, askedBy);
    try {
      return await connectEnd(placeOf(target, addresses), signal);
    } catch (error) {
      throw unreachable(`${target.name}:${target.port} at ${addresses.join(', ')}`, error);
    }
  };
  return { resolve, dial };
}

function placeOf({ name, port }: OutsideDialTarget, addresses: readonly string[]): Parameters<typeof connectEnd>[0] {
  const [only, ...more] = addresses;
  if (only !== undefined && more.length === 0) return { host: only, port, autoSelectFamily: false };
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  return {
    host: name,
    port,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ATTEMPT_MS,
    lookup: (_host, _options, told) => told(null, found),
  };
}

function unreachable(where: string, error: unknown): TargetUnreachableError {
  const causes: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  const codes = causes.map((cause) => (cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)));
  const code = codes.every((one) => one === 'ECONNREFUSED') ? 'TARGET_REFUSED' : 'TARGET_UNREACHABLE';
  return new TargetUnreachableError(code, `${where}: ${[...new Set(codes)].join(', ')}`);
}
