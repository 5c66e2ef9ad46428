import type { SandboxId } from '#libs/contracts/ids.js';
import { evolveSandbox, type SandboxState } from '#libs/domain/sandbox/state.js';
import { sandboxEventOf } from '#libs/domain/stored-events.js';
import type { StoredEvent } from '#libs/event-store/event-store.js';

export function sandboxIdOfStream(streamId: string): SandboxId | null {
  return streamId.startsWith('sandbox-') ? (streamId.slice('sandbox-'.length) as SandboxId) : null;
}

/** A sandbox's stream, folded on from a state already known. Throws EventUnknownError. */
export function foldSandbox(before: SandboxState | null, events: readonly StoredEvent[]): SandboxState | null {
  return events.map(sandboxEventOf).reduce<SandboxState | null>(evolveSandbox, before);
}
