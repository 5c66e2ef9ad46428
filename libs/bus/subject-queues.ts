const MAX_WAITING = 1_024;

interface Queue {
  waiting: number;
  tail: Promise<void>;
}

/** Runs the tasks of one subject one after the other, and different subjects side by side. A full queue drops. */
export class SubjectQueues {
  private readonly queues = new Map<string, Queue>();

  constructor(private readonly onOverflow: (subject: string) => void) {}

  add(subject: string, task: () => Promise<void>): void {
    const queue = this.queues.get(subject) ?? { waiting: 0, tail: Promise.resolve() };
    if (queue.waiting >= MAX_WAITING) {
      this.onOverflow(subject);
      return;
    }
    queue.waiting += 1;
    this.queues.set(subject, queue);
    queue.tail = queue.tail.then(task).finally(() => {
      queue.waiting -= 1;
      if (queue.waiting === 0) this.queues.delete(subject);
    });
  }

  /** Resolves when the subject's tasks, or all tasks, have run. */
  async idle(subject?: string): Promise<void> {
    const tails = subject === undefined ? [...this.queues.values()] : [this.queues.get(subject)];
    await Promise.all(tails.map((queue) => queue?.tail));
  }
}
