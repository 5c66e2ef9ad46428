import { Turns } from '#libs/async/turns.js';
import { InvalidInputError } from '#libs/contracts/errors.js';
import { bindFault } from '#libs/program/port-owner.js';
import { type Endpoint, parseEndpoint } from './endpoint.js';
import type { Listener } from './udp-listener.js';

export interface ListenFailure {
  readonly address: string;
  readonly code: string;
  readonly message: string;
}

/** Opens the UDP and the TCP socket of one address: both or none. */
export type OpenPair = (endpoint: Endpoint, onLost: (error: Error) => void) => Promise<Listener>;

/** The addresses listened on, which can change while running. */
export interface Listeners {
  /**
   * Closes addresses that are not among these and opens missing ones. Resolves with those that failed. One call at a
   * time.
   */
  set(addresses: readonly string[]): Promise<readonly ListenFailure[]>;
  /** Tries again to open what failed; resolves with the addresses that opened. */
  retry(): Promise<readonly string[]>;
}

/** `onLost` is called when an open socket fails; `retry` or a later `set` opens it again. */
export function createListeners(openPair: OpenPair, onLost: (failure: ListenFailure) => void): Listeners {
  const open = new Map<string, Listener>();
  let wanted: ReadonlySet<string> = new Set();
  const turns = new Turns();

  async function lose(address: string, error: Error): Promise<void> {
    const listener = open.get(address);
    open.delete(address);
    onLost(await failureOf(address, error));
    await listener?.close();
  }

  async function openOne(address: string): Promise<ListenFailure | null> {
    if (open.has(address)) return null;
    try {
      const endpoint = parseEndpoint(address, 'DNS listen address');
      open.set(address, await openPair(endpoint, (error) => void lose(address, error)));
      return null;
    } catch (error) {
      return await failureOf(address, error);
    }
  }

  async function change(addresses: readonly string[]): Promise<readonly ListenFailure[]> {
    wanted = new Set(addresses);
    const unwanted = [...open].filter(([address]) => !wanted.has(address));
    for (const [address] of unwanted) open.delete(address);
    await Promise.all(unwanted.map(([, listener]) => listener.close()));
    const outcomes = await Promise.all([...wanted].map(openOne));
    return outcomes.filter((outcome) => outcome !== null);
  }

  async function openMissing(): Promise<readonly string[]> {
    const missing = [...wanted].filter((address) => !open.has(address));
    await Promise.all(missing.map(openOne));
    return missing.filter((address) => open.has(address));
  }

  return {
    set: (addresses) => turns.take(() => change(addresses)),
    retry: () => turns.take(openMissing),
  };
}

async function failureOf(address: string, error: unknown): Promise<ListenFailure> {
  if (error instanceof InvalidInputError) return { address, code: error.code, message: error.message };
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'LISTEN_FAILED';
  const { port } = parseEndpoint(address, 'DNS listen address');
  return { address, code, message: `cannot serve DNS: ${address} ${await bindFault(port, error)}` };
}
