import { setDeadline } from '#libs/async/deadline.js';
import type { NetworkId } from '#libs/contracts/ids.js';

interface Wait {
  readonly version: number;
  readonly end: (reached: boolean) => void;
}

/** Flows that are held until this host's topology of a network has the other end's version. */
export class VersionWaits {
  private readonly waits = new Map<NetworkId, Set<Wait>>();

  /** Resolves true once `reached` is called with the version or a later one; false after `holdMs` or when aborted. */
  wait(networkId: NetworkId, version: number, holdMs: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve(false);
      const waits = this.waits.get(networkId) ?? new Set();
      this.waits.set(networkId, waits);
      const wait: Wait = {
        version,
        end: (reached) => {
          cancel();
          signal.removeEventListener('abort', give);
          waits.delete(wait);
          resolve(reached);
        },
      };
      const give = () => wait.end(false);
      const cancel = setDeadline(holdMs, give);
      signal.addEventListener('abort', give, { once: true });
      waits.add(wait);
    });
  }

  /** The network has this version now. */
  reached(networkId: NetworkId, version: number): void {
    for (const wait of this.waits.get(networkId) ?? []) {
      if (wait.version <= version) wait.end(true);
    }
    if (this.waits.get(networkId)?.size === 0) this.waits.delete(networkId);
  }
}
