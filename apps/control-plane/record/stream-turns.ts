import { StoreUnavailableError, WriteOutcomeUnknownError } from '#libs/event-store/errors.js';
import { isDatabaseUnavailable } from '../foundation/database-unavailable.js';

/**
 * Queues the commands of one stream, so that those of one process do not conflict. If one waited for the database in
 * vain, those behind it are refused too: they have waited as long.
 */
export class StreamTurns {
  private readonly tails = new Map<string, Promise<unknown>>();

  async take<T>(streamId: string, task: () => Promise<T>): Promise<T> {
    const before = this.tails.get(streamId) ?? Promise.resolve();
    const turn = before.then(task, (failure: unknown) => {
      if (isStoreAway(failure)) throw new StoreUnavailableError(failure);
      return task();
    });
    this.tails.set(streamId, turn);
    try {
      return await turn;
    } finally {
      if (this.tails.get(streamId) === turn) this.tails.delete(streamId);
    }
  }
}

function isStoreAway(failure: unknown): boolean {
  return (
    failure instanceof StoreUnavailableError ||
    failure instanceof WriteOutcomeUnknownError ||
    isDatabaseUnavailable(failure)
  );
}
