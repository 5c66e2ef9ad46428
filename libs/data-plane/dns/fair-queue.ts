/** How much may be held at once by all sources together, and by one. */
export interface Share {
  readonly ofAll: number;
  readonly ofOne: number;
  /**
   * What one source may hold even when others use up the rest, so that nobody is locked out. The total then grows with
   * the number of sources, which must be limited elsewhere.
   */
  readonly always: number;
}

export interface FairQueueLimits {
  readonly running: Share;
  readonly waiting: Share;
  /** How long work waits for its turn. */
  readonly waitMs: number;
}

/** Why work was not begun: too much waits already, or its turn did not come in time. */
export type NoTurn = 'full' | 'late';

export interface FairQueue {
  /** Runs the work when its source's turn comes. Rejects as the work does. */
  run<Result>(source: string, work: () => Promise<Result>): Promise<Result | NoTurn>;
  /** Work that has not begun is answered with `late`. */
  close(): void;
}

interface Waiter {
  begin(): void;
  giveUp(): void;
}

interface Source {
  running: number;
  /** Oldest first. */
  readonly waiting: Set<Waiter>;
}

/** Runs work of many sources, a limited amount at a time. Waiting sources take turns. */
export function createFairQueue({ running, waiting, waitMs }: FairQueueLimits): FairQueue {
  const sources = new Map<string, Source>();
  /** Sources with waiting work; the first is next. */
  const turns = new Set<string>();
  let allRunning = 0;
  let allWaiting = 0;

  function sourceOf(name: string): Source {
    let source = sources.get(name);
    if (source === undefined) {
      source = { running: 0, waiting: new Set() };
      sources.set(name, source);
    }
    return source;
  }

  function mayRun(source: Source): boolean {
    return hasRoom(running, source.running, allRunning);
  }

  function leave(name: string, source: Source, waiter: Waiter): void {
    source.waiting.delete(waiter);
    allWaiting -= 1;
    if (source.waiting.size === 0) turns.delete(name);
    if (source.waiting.size === 0 && source.running === 0) sources.delete(name);
  }

  async function start<Result>(name: string, source: Source, work: () => Promise<Result>): Promise<Result> {
    source.running += 1;
    allRunning += 1;
    try {
      return await work();
    } finally {
      source.running -= 1;
      allRunning -= 1;
      if (source.waiting.size === 0 && source.running === 0) sources.delete(name);
      beginNext();
    }
  }

  /** Starts the next work in place of work that ended. A source at its own limit is skipped and keeps its place. */
  function beginNext(): void {
    for (const name of turns) {
      const source = sourceOf(name);
      const [oldest] = source.waiting;
      if (oldest === undefined || !mayRun(source)) continue;
      turns.delete(name);
      turns.add(name);
      leave(name, source, oldest);
      oldest.begin();
      return;
    }
  }

  return {
    run<Result>(name: string, work: () => Promise<Result>): Promise<Result | NoTurn> {
      const source = sourceOf(name);
      if (source.waiting.size === 0 && mayRun(source)) return start(name, source, work);
      if (!hasRoom(waiting, source.waiting.size, allWaiting)) return Promise.resolve('full');
      return new Promise((resolve) => {
        const waiter: Waiter = {
          begin: () => {
            clearTimeout(timer);
            resolve(start(name, sourceOf(name), work));
          },
          giveUp: () => {
            clearTimeout(timer);
            leave(name, source, waiter);
            resolve('late');
          },
        };
        const timer = setTimeout(waiter.giveUp, waitMs);
        source.waiting.add(waiter);
        allWaiting += 1;
        turns.add(name);
      });
    },
    close() {
      for (const { waiting: waiters } of [...sources.values()]) for (const waiter of [...waiters]) waiter.giveUp();
    },
  };
}

function hasRoom(share: Share, ofOne: number, ofAll: number): boolean {
  return ofOne < share.ofOne && (ofAll < share.ofAll || ofOne < share.always);
}
