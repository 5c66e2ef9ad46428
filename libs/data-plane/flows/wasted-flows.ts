import { TokenBucket } from '#libs/async/token-bucket.js';
import { formatSource } from '#libs/mesh/flow-headers.js';
import type { FlowSource } from '#libs/policy/model.js';

/** Connections without a byte that one source may make per second and in a burst before it is served slowly. */
const PER_SECOND = 200;
const AT_ONCE = 400;
const MOST_REMEMBERED = 1_024;

/**
 * Connections of this host's own sources that ended before a byte passed: clients that connect and give up, or repeat
 * what is refused. A source that makes many is served slowly, so that others do not wait for it.
 */
export class WastedFlows {
  private readonly budgets = new Map<string, TokenBucket>();

  /** `monotonicMs`: milliseconds of a monotonic clock. */
  constructor(private readonly monotonicMs: () => number) {}

  add(source: FlowSource): void {
    const name = formatSource(source);
    const nowMs = this.monotonicMs();
    let budget = this.budgets.get(name);
    if (budget === undefined) {
      this.forgetQuiet(nowMs);
      budget = new TokenBucket(PER_SECOND, AT_ONCE, nowMs);
      this.budgets.set(name, budget);
    }
    budget.take(1, nowMs);
  }

  /** Whether the source has used up its budget of wasted connections. */
  isOver(source: FlowSource): boolean {
    return this.budgets.get(formatSource(source))?.has(1, this.monotonicMs()) === false;
  }

  private forgetQuiet(nowMs: number): void {
    if (this.budgets.size < MOST_REMEMBERED) return;
    for (const [name, budget] of this.budgets) if (budget.isFull(nowMs)) this.budgets.delete(name);
  }
}
