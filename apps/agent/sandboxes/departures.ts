import type { SandboxReport } from '#libs/contracts/bus-messages.js';
import type { SandboxId } from '#libs/contracts/ids.js';

/** Sandboxes that were there before and are not now, or are at another address: their flows lead nowhere. */
export function departed(before: readonly SandboxReport[], now: readonly SandboxReport[]): readonly SandboxId[] {
  const addresses = new Map(now.map(({ sandboxId, address }) => [sandboxId, address]));
  return before.flatMap(({ sandboxId, address }) => (addresses.get(sandboxId) === address ? [] : [sandboxId]));
}
