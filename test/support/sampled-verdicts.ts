import { setTimeout as pause } from 'node:timers/promises';
import { run } from './stack.js';

const EVERY_MS = 150;

/** One connection that was really tried. */
export interface Sample {
  readonly from: string;
  /** RFC 3339, by the clock of this machine, which hosts in namespaces share. */
  readonly began: string;
  readonly ended: string;
  readonly isAllowed: boolean;
}

/** curl's exit codes for a connection that was reset. */
const RESET_EXITS = [7, 52, 55, 56];

/** Asks by one name again and again as one sandbox, and keeps what came of it. */
export class SampledVerdicts {
  readonly samples: Sample[] = [];
  /** What came of a request that was neither answered nor reset. */
  readonly unclear: string[] = [];
  private asking: Promise<void> | null = null;
  private goesOn = false;

  constructor(
    private readonly from: string,
    private readonly url: string,
    private readonly answer: string,
  ) {}

  /** From now on, in this network namespace. */
  start(namespace: string): void {
    this.goesOn = true;
    this.asking = this.ask(namespace);
  }

  /** Resolves when the last request has ended. */
  async stop(): Promise<void> {
    this.goesOn = false;
    await this.asking;
  }

  /** The number of samples that began after this time. */
  since(time: string): number {
    return this.samples.filter(({ began }) => began > time).length;
  }

  private async ask(namespace: string): Promise<void> {
    while (this.goesOn) {
      const began = new Date().toISOString();
      const { code, stdout, stderr } = await run('ip', [
        ...['netns', 'exec', namespace],
        ...['curl', '-sS', '--max-time', '10', this.url],
      ]).ended;
      const ended = new Date().toISOString();
      const isAllowed = code === 0 && stdout === this.answer;
      if (isAllowed || RESET_EXITS.includes(code ?? 0)) {
        this.samples.push({ from: this.from, began, ended, isAllowed });
      } else this.unclear.push(`${began} ${this.from}: exit ${code}, ${stdout}${stderr}`);
      await pause(EVERY_MS);
    }
  }
}
