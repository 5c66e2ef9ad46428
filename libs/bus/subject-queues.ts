const MAX_WAITING = 1_024;

interface Queue {
  running: number;
  readonly waiting: (() => Promise<void>)[];
  readonly idle: PromiseWithResolvers<void>;
}

/** Runs so many tasks of one subject at once, the others in order, and different subjects side by side. A full queue drops. */
export class SubjectQueues {
  private readonly queues = new Map<string, Queue>();

  constructor(private readonly onOverflow: (subject: string) => void) {}

  /** Tasks never reject. */
  add(subject: string, task: () => Promise<void>, atOnce: number): void {
    const queue = this.queues.get(subject) ?? { running: 0, waiting: [], idle: Promise.withResolvers<void>() };
    if (queue.running + queue.waiting.length >= MAX_WAITING) {
      this.onOverflow(subject);
      return;
    }
    this.queues.set(subject, queue);
    queue.waiting.push(task);
    this.next(subject, queue, atOnce);
  }

  /** Resolves when the subject's tasks, or all tasks, have run. */
  async idle(subject?: string): Promise<void> {
    const queues = subject === undefined ? [...this.queues.values()] : [this.queues.get(subject)];
    await Promise.all(queues.map((queue) => queue?.idle.promise));
  }

  private next(subject: string, queue: Queue, atOnce: number): void {
    if (queue.running >= atOnce) return;
    const task = queue.waiting.shift();
    if (task === undefined) return;
    queue.running += 1;
    void task().finally(() => {
      queue.running -= 1;
      this.next(subject, queue, atOnce);
      if (queue.running > 0) return;
      this.queues.delete(subject);
      queue.idle.resolve();
    });
  }
}
