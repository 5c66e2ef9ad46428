import type { AskOutside, OutsideAnswer } from './outside-answers.js';
import type { OutsideAsk, OutsideAskAnswer } from './worker-messages.js';

/** Unanswered questions to the main thread. */
const MOST_ASKED = 10_000;
/** Questions in one message: later ones need not wait until all of these have addresses. */
const MOST_IN_MESSAGE = 64;

/**
 * The worker's questions to the main thread about names outside. Those of one turn of the event loop are sent in one
 * message, because a message costs both threads more than a question.
 */
export class OutsideAsks {
  private readonly asked = new Map<number, (answer: OutsideAnswer) => void>();
  private gathered: OutsideAsk[] = [];
  private lastAskId = 0;

  constructor(private readonly send: (asks: readonly OutsideAsk[]) => void) {}

  readonly ask: AskOutside = (name, source) => {
    if (this.asked.size >= MOST_ASKED) return Promise.resolve({ kind: 'failed' });
    this.lastAskId += 1;
    const askId = this.lastAskId;
    if (this.gathered.length === 0) setImmediate(() => this.sendGathered());
    this.gathered.push({ askId, name, source });
    return new Promise((resolve) => this.asked.set(askId, resolve));
  };

  answered(answers: readonly OutsideAskAnswer[]): void {
    for (const { askId, answer } of answers) {
      this.asked.get(askId)?.(answer);
      this.asked.delete(askId);
    }
  }

  private sendGathered(): void {
    const asks = this.gathered;
    this.gathered = [];
    for (let first = 0; first < asks.length; first += MOST_IN_MESSAGE) {
      this.send(asks.slice(first, first + MOST_IN_MESSAGE));
    }
  }
}
