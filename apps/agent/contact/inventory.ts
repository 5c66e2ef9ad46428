import { rest } from '#libs/async/rest.js';
import { WokenWork } from '#libs/async/woken-work.js';
import type { InventoryMessage, InventoryReply } from '#libs/contracts/bus/from-member/inventory.js';
import { parseInventoryReply } from '#libs/contracts/bus/from-member/inventory.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { SandboxDriver } from '../sandboxes/driver.js';

export interface InventoryPorts {
  readonly bootId: string;
  readonly driver: Pick<SandboxDriver, 'name' | 'inventory' | 'refused'>;
  /** Asks until answered or aborted. */
  readonly request: (message: InventoryMessage, signal: AbortSignal) => Promise<unknown>;
  readonly answered: (reply: InventoryReply) => void;
  readonly failed: (error: unknown) => void;
}

/** Sandboxes that come and go by the hundred are told of together: the control plane takes two inventories a second. */
const PACE_MS = 500;
/** A refused inventory is told again: what refused it, such as a limit, may have changed. */
const RETRY_MS = 10_000;

/** Tells the control plane of every sandbox here; a report still on its way gives way to the newer one. */
export class InventoryReports {
  private sequence = 0;
  private current = new AbortController();
  private readonly closing = new AbortController();
  private readonly reporting = new WokenWork(() => this.send());
  private sentAtMs = Number.NEGATIVE_INFINITY;
  private retry: NodeJS.Timeout | null = null;

  constructor(private readonly ports: InventoryPorts) {}

  report(): void {
    this.current.abort();
    this.reporting.wake();
  }

  close(): void {
    this.closing.abort();
    this.current.abort();
    this.stopRetry();
  }

  private async send(): Promise<void> {
    await rest(Math.max(0, this.sentAtMs + PACE_MS - performance.now()), this.closing.signal);
    if (this.closing.signal.aborted) return;
    this.stopRetry();
    this.sentAtMs = performance.now();
    this.current = new AbortController();
    const { signal } = this.current;
    try {
      this.ports.answered(parseInventoryReply(await this.ports.request(this.message(), signal)));
    } catch (error) {
      if (signal.aborted) return;
      this.ports.failed(error);
      this.retry = setTimeout(() => this.report(), RETRY_MS);
    }
  }

  private message(): InventoryMessage {
    this.sequence += 1;
    const { bootId, driver } = this.ports;
    return {
      protocol: BUS_PROTOCOL,
      bootId,
      sequence: this.sequence,
      driver: driver.name,
      sandboxes: driver.inventory(),
      refused: driver.refused(),
    };
  }

  private stopRetry(): void {
    if (this.retry !== null) clearTimeout(this.retry);
    this.retry = null;
  }
}
