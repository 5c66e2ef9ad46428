import type { QueryClient } from '@tanstack/react-query';
import { type KeyPattern, matches } from './stale-keys.js';

/** A query is fetched again at most this often, however many events concern it. */
const ROUND_MS = 200;

/**
 * Fetches again what events made out of date, in rounds: keys that become stale during a round wait for the next. So a
 * busy network neither cancels its own requests nor causes one for each of a hundred changes a second.
 */
export class Refresher {
  private waiting: KeyPattern[] = [];
  private isRunning = false;

  constructor(private readonly queries: QueryClient) {}

  add(patterns: readonly KeyPattern[]): void {
    this.waiting.push(...patterns);
    if (this.isRunning || this.waiting.length === 0) return;
    this.isRunning = true;
    void this.run();
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) {
      const patterns = this.waiting;
      this.waiting = [];
      const predicate = ({ queryKey }: { readonly queryKey: readonly unknown[] }): boolean =>
        patterns.some((pattern) => matches(pattern, queryKey));
      await Promise.all([
        this.queries.invalidateQueries({ predicate }).catch(() => {}),
        new Promise((resolve) => setTimeout(resolve, ROUND_MS)),
      ]);
    }
    this.isRunning = false;
  }
}
