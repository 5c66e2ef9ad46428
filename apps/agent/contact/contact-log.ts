import type { BusFault, BusStatus } from '#libs/bus/bus.js';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { Receipt } from '#libs/contracts/bus/receipt.js';
import type { Counters } from '../foundation/counters.js';
import { type AgentLog, errorFields } from '../foundation/log.js';

/** Logs when the bus connects or disconnects, and when the control plane starts or stops answering. */
export class ContactLog {
  private answering: boolean | null = null;

  constructor(
    private readonly log: AgentLog,
    private readonly counters: Counters,
  ) {}

  status(status: BusStatus, detail: string | null): void {
    this.log.info({ status, detail }, `bus ${status}`);
  }

  answered(to: 'hello' | 'heartbeat'): void {
    if (this.answering !== true) this.log.info({ to }, 'in contact with the control plane');
    this.answering = true;
  }

  unanswered(error: unknown): void {
    if (this.answering !== false)
      this.log.warn(errorFields(error), 'the control plane does not answer; serving the versions held');
    this.answering = false;
  }

  /** The control plane answered, even if only to refuse. */
  delivered({ networkId, to }: AppliedMessage, { ok, code, message: why }: Receipt): void {
    if (!ok) this.log.warn({ networkId, to, code, why }, 'the control plane refused an acknowledgement');
  }

  fault({ kind, subject, detail }: BusFault): void {
    this.counters.add(`bus ${kind}`, (count) => {
      this.log.warn({ kind, subject, count, ...errorFields(detail) }, 'a bus message was dropped');
    });
  }
}
