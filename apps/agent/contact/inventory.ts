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

/** Tells the control plane of every sandbox here; a report still on its way gives way to the newer one. */
export class InventoryReports {
  private sequence = 0;
  private current: AbortController | null = null;
  private closed = false;

  constructor(private readonly ports: InventoryPorts) {}

  async report(): Promise<void> {
    if (this.closed) return;
    this.current?.abort();
    const current = new AbortController();
    this.current = current;
    this.sequence += 1;
    const { bootId, driver } = this.ports;
    const message: InventoryMessage = {
      protocol: BUS_PROTOCOL,
      bootId,
      sequence: this.sequence,
      driver: driver.name,
      sandboxes: driver.inventory(),
      refused: driver.refused(),
    };
    try {
      this.ports.answered(parseInventoryReply(await this.ports.request(message, current.signal)));
    } catch (error) {
      if (!current.signal.aborted) this.ports.failed(error);
    }
  }

  close(): void {
    this.closed = true;
    this.current?.abort();
  }
}
