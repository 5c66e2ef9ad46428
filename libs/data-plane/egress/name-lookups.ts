import type { OutsideName } from '#libs/contracts/ids.js';
import { createFairQueue, type FairQueueLimits, type NoTurn } from '../dns/fair-queue.js';
import { TargetUnreachableError } from '../flows/dial.js';
import type { NameAddresses } from './name-addresses.js';

/**
 * Resolves a name for a connection of `askedBy`. Rejects with TargetUnreachableError (NAME_UNRESOLVED), also if too
 * many look-ups wait.
 */
export type NameLookups = (name: OutsideName, askedBy: string, signal: AbortSignal) => Promise<readonly string[]>;

/**
 * A look-up sends two packets. A resolver process that gets no processor for a moment holds some 250 packets in its
 * socket's buffer; more are lost, and the connection would be refused after the last attempt.
 */
export const NAME_LOOKUP_LIMITS: FairQueueLimits = {
  running: { ofAll: 120, ofOne: 110, always: 4 },
  waiting: { ofAll: 20_000, ofOne: 2_000, always: 64 },
  // The connection that waits for the look-up times out earlier.
  waitMs: 30_000,
};

/** A look-up that one or more connections wait for. */
interface Shared {
  readonly found: Promise<readonly string[]>;
  readonly cancel: AbortController;
  users: number;
}

/**
 * Runs a limited number of look-ups at a time; sources take turns. Connections of one source to the same name share a
 * look-up that has not begun, whose result is as fresh as their own would be.
 */
export function createNameLookups(
  addressesOf: NameAddresses,
  limits: FairQueueLimits = NAME_LOOKUP_LIMITS,
): NameLookups {
  const queue = createFairQueue(limits);
  const waiting = new Map<string, Shared>();

  function begin(name: OutsideName, askedBy: string, key: string): Shared {
    const cancel = new AbortController();
    const look = () => {
      forget(key, shared);
      return addressesOf(name, cancel.signal);
    };
    const found = Promise.resolve()
      .then(() => queue.run(askedBy, look))
      .then((outcome) => taken(outcome, name));
    const shared: Shared = { found, cancel, users: 0 };
    waiting.set(key, shared);
    return shared;
  }

  function forget(key: string, shared: Shared): void {
    if (waiting.get(key) === shared) waiting.delete(key);
  }

  return (name, askedBy, signal) => {
    const key = `${askedBy} ${name}`;
    const shared = waiting.get(key) ?? begin(name, askedBy, key);
    shared.users += 1;
    const leave = (): void => {
      shared.users -= 1;
      if (shared.users > 0) return;
      forget(key, shared);
      shared.cancel.abort();
    };
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    return shared.found.finally(() => {
      signal.removeEventListener('abort', leave);
      forget(key, shared);
    });
  };
}

function taken(found: readonly string[] | NoTurn, name: OutsideName): readonly string[] {
  if (found !== 'full' && found !== 'late') return found;
  throw new TargetUnreachableError('NAME_UNRESOLVED', `${name}: too many names of this sandbox wait to be resolved`);
}
