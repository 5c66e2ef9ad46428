/** After so long the event loop gets its turn: HTTP, timers, and the connection itself. */
const SLICE_MS = 1;

/** What a task is run for. */
export interface Turn {
  /** Tasks of one subject run in the order they were added, `atOnce` at a time. */
  readonly subject: string;
  /** Whose turn it takes. */
  readonly sender: string;
  readonly atOnce: number;
}

interface Queue extends Turn {
  running: number;
  isReady: boolean;
  readonly waiting: (() => Promise<void>)[];
  readonly idle: PromiseWithResolvers<void>;
}

/**
 * Runs the tasks of many senders turn by turn: whoever has something waiting gets one task run, then the next sender, so
 * that nobody waits for more than one task of each other sender. Senders take turns in slices of a millisecond,
 * between which the event loop goes on. A subject with `mostWaiting` tasks gets none besides: they are dropped.
 */
export class FairQueues {
  private readonly queues = new Map<string, Queue>();
  /** By sender, in the order of their turns: its queues with a task that may run, likewise in order. */
  private readonly ready = new Map<string, Queue[]>();
  private slicing = false;

  constructor(private readonly mostWaiting: number) {}

  /** Tasks never reject. False: the task was dropped. */
  add(turn: Turn, task: () => Promise<void>): boolean {
    const { subject } = turn;
    const queue = this.queues.get(subject) ?? {
      ...turn,
      running: 0,
      isReady: false,
      waiting: [],
      idle: Promise.withResolvers<void>(),
    };
    if (queue.waiting.length >= this.mostWaiting) return false;
    this.queues.set(subject, queue);
    queue.waiting.push(task);
    this.makeReady(queue);
    return true;
  }

  /** Resolves when the subject's tasks, or all tasks, have run. */
  async idle(subject?: string): Promise<void> {
    const queues = subject === undefined ? [...this.queues.values()] : [this.queues.get(subject)];
    await Promise.all(queues.map((queue) => queue?.idle.promise));
  }

  private makeReady(queue: Queue): void {
    if (queue.isReady || queue.waiting.length === 0 || queue.running >= queue.atOnce) return;
    queue.isReady = true;
    const ready = this.ready.get(queue.sender);
    if (ready === undefined) this.ready.set(queue.sender, [queue]);
    else ready.push(queue);
    if (this.slicing) return;
    this.slicing = true;
    setImmediate(() => void this.slice());
  }

  private async slice(): Promise<void> {
    const until = performance.now() + SLICE_MS;
    // Whoever is set again while this goes on is visited again, after the others.
    for (const [sender, queues] of this.ready) {
      this.ready.delete(sender);
      const queue = queues.shift();
      if (queues.length > 0) this.ready.set(sender, queues);
      if (queue !== undefined) this.run(queue);
      // What the task goes on with at once belongs to its turn.
      await undefined;
      if (performance.now() >= until) break;
    }
    if (this.ready.size > 0) setImmediate(() => void this.slice());
    else this.slicing = false;
  }

  private run(queue: Queue): void {
    queue.isReady = false;
    const task = queue.waiting.shift();
    if (task === undefined) return;
    queue.running += 1;
    this.makeReady(queue);
    void task().finally(() => {
      queue.running -= 1;
      this.makeReady(queue);
      if (queue.running > 0 || queue.waiting.length > 0) return;
      this.queues.delete(queue.subject);
      queue.idle.resolve();
    });
  }
}
