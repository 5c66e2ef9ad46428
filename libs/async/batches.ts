import { WokenWork } from './woken-work.js';

interface Waiting<Item> {
  readonly item: Item;
  readonly done: PromiseWithResolvers<void>;
}

/**
 * Hands items to `work` in batches: whatever is added while a batch is under way goes into the next one. Of several
 * items with one key that wait, only the last is handed over. If a batch fails, each of its items is tried alone, so
 * that one that cannot be taken does not stop the others.
 */
export class Batches<Key, Item> {
  private readonly waiting = new Map<Key, Waiting<Item>>();
  private readonly working = new WokenWork(() => this.next());

  constructor(
    private readonly work: (items: readonly Item[]) => Promise<void>,
    private readonly mostAtOnce: number,
  ) {}

  /** Resolves once the item, or a later one of its key, was taken; rejects with the error of the attempt. */
  add(key: Key, item: Item): Promise<void> {
    const { done } = this.waiting.get(key) ?? { done: Promise.withResolvers<void>() };
    this.waiting.set(key, { item, done });
    this.working.wake();
    return done.promise;
  }

  private async next(): Promise<void> {
    // What arrives in one turn of the event loop goes together.
    await new Promise((resolve) => setImmediate(resolve));
    const batch = [...this.waiting].slice(0, this.mostAtOnce);
    if (batch.length === 0) return;
    for (const [key] of batch) this.waiting.delete(key);
    await this.take(batch.map(([, waiting]) => waiting));
    if (this.waiting.size > 0) this.working.wake();
  }

  private async take(batch: readonly Waiting<Item>[]): Promise<void> {
    try {
      await this.work(batch.map(({ item }) => item));
      for (const { done } of batch) done.resolve();
    } catch (error) {
      const [only, ...others] = batch;
      if (others.length === 0) only?.done.reject(error);
      else for (const one of batch) await this.take([one]);
    }
  }
}
