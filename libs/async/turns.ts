/** Runs pieces of work one after the other in the order given, so that none sees another half done. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /** Resolves or rejects as the work does. Failed work does not hold up the next. */
  take<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.last.then(work);
    this.last = done.catch(() => {});
    return done;
  }

  /** Resolves when all work given so far has ended. */
  async idle(): Promise<void> {
    await this.last;
  }
}
