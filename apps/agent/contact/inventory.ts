import { rest } from '#libs/async/rest.js';
import { WokenWork } from '#libs/async/woken-work.js';
import type {
  InventoryMessage,
  InventoryReply,
  RefusedSandbox,
  SandboxReport,
} from '#libs/contracts/bus/from-member/inventory.js';
import { MAX_REFUSED, parseInventoryReply } from '#libs/contracts/bus/from-member/inventory.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { inventoryParts } from './inventory-parts.js';

export interface InventoryPorts {
  readonly bootId: string;
  readonly driver: string;
  readonly sandboxes: () => readonly SandboxReport[];
  readonly refused: () => readonly RefusedSandbox[];
  /** Repeats the request until it is answered or aborted. */
  readonly request: (message: InventoryMessage, signal: AbortSignal) => Promise<unknown>;
  /** The largest message that the bus carries, in bytes. */
  readonly maxMessageBytes: () => number;
  /** Called with the answer to a report of these sandboxes. */
  readonly answered: (reply: InventoryReply, sandboxes: readonly SandboxReport[]) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Changes within this time are reported together: sandboxes may come and go by the hundred, and the control plane takes
 * two inventories a second.
 */
const PACE_MS = 500;
/** A refused inventory is reported again after this time, since the reason, such as a limit, may have changed. */
const RETRY_MS = 10_000;
/** This much in each half second stays below the limit of bytes that the control plane takes from one agent. */
const MOST_BYTES = 512 * 1_024;

/**
 * Reports all sandboxes of this host to the control plane. A newer report replaces one that is being sent, unless that
 * is sent in parts: it might never finish where sandboxes come and go all the time.
 */
export class InventoryReports {
  private sequence = 0;
  private current = new AbortController();
  private isInParts = false;
  private readonly closing = new AbortController();
  private readonly reporting = new WokenWork(() => this.send());
  private sentAtMs = Number.NEGATIVE_INFINITY;
  private retry: NodeJS.Timeout | null = null;

  constructor(private readonly ports: InventoryPorts) {}

  report(): void {
    if (!this.isInParts) this.current.abort();
    this.reporting.wake();
  }

  close(): void {
    this.closing.abort();
    this.current.abort();
    this.stopRetry();
  }

  private async send(): Promise<void> {
    await this.pace();
    if (this.closing.signal.aborted) return;
    this.stopRetry();
    this.current = new AbortController();
    const { signal } = this.current;
    try {
      const { sandboxes, parts } = this.messages();
      this.isInParts = parts.length > 1;
      let reply: unknown;
      for (const part of parts) {
        await this.pace();
        this.sentAtMs = performance.now();
        reply = await this.ports.request(part, signal);
      }
      this.ports.answered(parseInventoryReply(reply), sandboxes);
    } catch (error) {
      if (signal.aborted) return;
      this.ports.failed(error);
      this.retry = setTimeout(() => this.report(), RETRY_MS);
    } finally {
      this.isInParts = false;
    }
  }

  private pace(): Promise<void> {
    return rest(Math.max(0, this.sentAtMs + PACE_MS - performance.now()), this.closing.signal);
  }

  private messages() {
    this.sequence += 1;
    const { bootId, driver, maxMessageBytes } = this.ports;
    const sandboxes = this.ports.sandboxes();
    const inventory = {
      protocol: BUS_PROTOCOL,
      bootId,
      sequence: this.sequence,
      driver,
      sandboxes,
      refused: mostRefused(this.ports.refused()),
    };
    return { sandboxes, parts: inventoryParts(inventory, Math.min(MOST_BYTES, maxMessageBytes())) };
  }

  private stopRetry(): void {
    if (this.retry !== null) clearTimeout(this.retry);
    this.retry = null;
  }
}

/** As many as the control plane accepts; the last entry stands for the rest. */
export function mostRefused(refused: readonly RefusedSandbox[]): readonly RefusedSandbox[] {
  if (refused.length <= MAX_REFUSED) return refused;
  const told = refused.slice(0, MAX_REFUSED - 1);
  const others: RefusedSandbox = {
    name: 'others',
    sandboxId: null,
    code: 'MORE_REFUSED',
    message: `${refused.length - told.length} more could not become sandboxes`,
    remedy: "read the agent's log: it names each",
  };
  return [...told, others];
}
