/** Lets the commands of one stream follow one another, so that those of one process do not conflict among themselves. */
export class StreamTurns {
  private readonly tails = new Map<string, Promise<unknown>>();

  async take<T>(streamId: string, task: () => Promise<T>): Promise<T> {
    const before = this.tails.get(streamId) ?? Promise.resolve();
    const turn = before.then(task, task);
    this.tails.set(streamId, turn);
    try {
      return await turn;
    } finally {
      if (this.tails.get(streamId) === turn) this.tails.delete(streamId);
    }
  }
}
