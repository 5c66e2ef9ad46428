/** After this long, the event loop gets its turn for HTTP, timers and the connection itself. */
const SLICE_MS = 1;
/** A throttled sender waits this long after each of its tasks. */
const HELD_BACK_MS = 4;

/** Whose turn a task takes, and what it is about. */
export interface Turn {
  /** Tasks of one subject run in the order they were added, `atOnce` at a time. */
  readonly subject: string;
  /** The sender whose turn the task takes. */
  readonly sender: string;
  readonly atOnce: number;
  /** Whether the sender has to wait a few milliseconds after this task; asked when the task runs. Absent: never. */
  readonly isHeldBack?: () => boolean;
}

interface Queue extends Turn {
  running: number;
  isReady: boolean;
  readonly waiting: (() => Promise<void>)[];
  readonly idle: PromiseWithResolvers<void>;
}

/**
 * Runs the tasks of many senders in turn: one task of each sender that has some waiting, then the next sender's, so
 * nobody waits for more than one task of each other sender. Senders are served in slices of a millisecond, between
 * which the event loop goes on. A throttled sender gets at most 250 tasks a second. When a subject has `mostWaiting`
 * tasks waiting, further ones are dropped.
 */
export class FairQueues {
  private readonly queues = new Map<string, Queue>();
  /** By sender, in the order of their turns: the sender's queues that have a task ready to run, in the same order. */
  private readonly ready = new Map<string, Queue[]>();
  /** Throttled senders that wait after a task: their queues that have a task ready afterwards. */
  private readonly resting = new Map<string, Set<Queue>>();
  private slicing = false;

  constructor(private readonly mostWaiting: number) {}

  /** Tasks must not reject. False: the task was dropped. */
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
    const resting = this.resting.get(queue.sender);
    if (resting !== undefined) {
      resting.add(queue);
      return;
    }
    const ready = this.ready.get(queue.sender);
    if (ready === undefined) this.ready.set(queue.sender, [queue]);
    else ready.push(queue);
    if (this.slicing) return;
    this.slicing = true;
    setImmediate(() => void this.slice());
  }

  private async slice(): Promise<void> {
    const until = performance.now() + SLICE_MS;
    // A sender that is set again during this loop is visited again, after the others.
    for (const [sender, queues] of this.ready) {
      this.ready.delete(sender);
      const queue = queues.shift();
      if (queue?.isHeldBack?.() === true) this.rest(sender, queues);
      else if (queues.length > 0) this.ready.set(sender, queues);
      if (queue !== undefined) this.run(queue);
      // What the task does before its first wait belongs to its turn.
      await undefined;
      if (performance.now() >= until) break;
    }
    if (this.ready.size > 0) setImmediate(() => void this.slice());
    else this.slicing = false;
  }

  private rest(sender: string, queues: readonly Queue[]): void {
    const resting = new Set(queues);
    this.resting.set(sender, resting);
    setTimeout(() => {
      this.resting.delete(sender);
      for (const queue of resting) {
        queue.isReady = false;
        this.makeReady(queue);
      }
    }, HELD_BACK_MS);
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
