import { createDial, type Dial } from '#libs/data-plane/flows/dial.js';
import type { SocketEnd } from '#libs/data-plane/flows/flow-end.js';

/** A requested connection to a sandbox; it is already established, and is handed over when released. */
export interface HeldDial {
  readonly end: SocketEnd;
  /** How many writes the flow has made into it. */
  writes(): number;
  release(): void;
}

/** Dials for real, and holds each connection until the test releases it. */
export function createHeldDial(onDialled: (held: HeldDial) => void): Dial {
  const dial = createDial([]);
  return async (address, port, signal) => {
    const end = await dial(address, port, signal);
    let writes = 0;
    const write = end.stream.write.bind(end.stream);
    end.stream.write = (bytes: Uint8Array | string, ...rest: unknown[]) => {
      writes += 1;
      return Reflect.apply(write, null, [bytes, ...rest]);
    };
    return new Promise((resolve) => onDialled({ end, writes: () => writes, release: () => resolve(end) }));
  };
}
