import { WokenWork } from '#libs/async/woken-work.js';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { NetworkId } from '#libs/contracts/ids.js';

/**
 * Reports refused versions to the control plane: one report at a time, and only the last of each network, so that a
 * flood of forged messages builds up no queue.
 */
export class Refusals {
  private readonly waiting = new Map<NetworkId, AppliedMessage>();
  private readonly closing = new AbortController();
  private readonly sending = new WokenWork(() => this.send());

  constructor(
    private readonly deliver: (message: AppliedMessage, signal: AbortSignal) => Promise<void>,
    private readonly failed: (message: AppliedMessage, error: unknown) => void,
  ) {}

  report(message: AppliedMessage): void {
    if (this.waiting.size >= MOST_WAITING && !this.waiting.has(message.networkId)) return;
    this.waiting.set(message.networkId, message);
    this.sending.wake();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.sending.idle();
  }

  private async send(): Promise<void> {
    const { signal } = this.closing;
    for (const [networkId, message] of this.waiting) {
      if (signal.aborted) return;
      this.waiting.delete(networkId);
      await this.deliver(message, signal).catch((error) => {
        if (!signal.aborted) this.failed(message, error);
      });
    }
  }
}

const MOST_WAITING = 1_000;
