/** Runs one piece of work after the other, in the order they were given, so that none sees another half done. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /** Resolves or rejects as the work does. Work that fails holds up none that follows. */
  take<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.last.then(work);
    this.last = done.catch(() => {});
    return done;
  }

  /** Resolves when all work that was given until now has ended. */
  async idle(): Promise<void> {
    await this.last;
  }
}
