import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CLONE } from '#test/support/clone.js';
import { type Sandbox, SERVED_PORTS } from './places.js';

const START_TIMEOUT_MS = 10_000;
/** In addition to the request's own deadline. */
const GRACE_MS = 5_000;

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The program in one sandbox: it serves, and dials on request. */
export class Resident {
  private readonly waiting = new Map<number, Waiting>();
  private sequence = 0;

  private constructor(
    readonly sandbox: Sandbox,
    private readonly child: ChildProcess,
    lines: AsyncIterable<string>,
  ) {
    void this.hear(lines);
  }

  static async start(sandbox: Sandbox, namespace: string): Promise<Resident> {
    const program = join(CLONE, 'dist/test/programs/resident.js');
    const child = spawn(
      'ip',
      ['netns', 'exec', namespace, process.execPath, program, sandbox, ...SERVED_PORTS.map(String)],
      { stdio: ['pipe', 'pipe', 'inherit'], env: { PATH: process.env.PATH } },
    );
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS);
    const first = await lines.next();
    clearTimeout(timer);
    if (first.done === true) throw new Error(`no resident starts in ${namespace}`);
    return new Resident(sandbox, child, { [Symbol.asyncIterator]: () => lines });
  }

  /** 0: it could not be started. */
  get pid(): number {
    return this.child.pid ?? 0;
  }

  dial(
    dials: readonly { readonly name: string; readonly port: number }[],
    deadlineMs: number,
  ): Promise<
    readonly (
      | { readonly kind: 'answered'; readonly by: string }
      | { readonly kind: 'unanswered'; readonly why: string }
    )[]
  > {
    return this.ask({ do: 'dial', dials, deadlineMs }, deadlineMs);
  }

  /** A connection that stays open; whether the other end has answered. */
  hold(key: string, name: string, port: number, deadlineMs: number): Promise<boolean> {
    return this.ask({ do: 'hold', key, name, port, deadlineMs }, deadlineMs);
  }

  /** For each held connection, whether bytes pass in both directions. */
  ping(keys: readonly string[], deadlineMs: number): Promise<readonly ('echoes' | 'silent' | 'ended')[]> {
    return this.ask({ do: 'ping', keys, deadlineMs }, deadlineMs);
  }

  /** Opens this many more connections, until `disperse`; returns how many of them were allowed. */
  crowd(name: string, port: number, count: number): Promise<number> {
    return this.ask({ do: 'crowd', name, port, count }, 0);
  }

  disperse(): Promise<boolean> {
    return this.ask({ do: 'disperse' }, 0);
  }

  serve(where: 'all' | 'loopback' | 'nowhere'): Promise<boolean> {
    return this.ask({ do: 'listen', where }, 0);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  private async ask<T>(command: object, deadlineMs: number): Promise<T> {
    this.sequence += 1;
    const { sequence } = this;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.waiting.set(sequence, { resolve, reject });
    const timer = setTimeout(
      () => reject(new Error(`${this.sandbox}: no word from its resident`)),
      deadlineMs + GRACE_MS,
    );
    this.child.stdin?.write(`${JSON.stringify({ sequence, command })}\n`);
    try {
      return (await promise) as T;
    } finally {
      clearTimeout(timer);
      this.waiting.delete(sequence);
    }
  }

  private async hear(lines: AsyncIterable<string>): Promise<void> {
    for await (const line of lines) {
      const { sequence, answer, error } = JSON.parse(line) as { sequence: number; answer?: unknown; error?: string };
      const waiting = this.waiting.get(sequence);
      if (error === undefined) waiting?.resolve(answer);
      else waiting?.reject(new Error(`${this.sandbox}: ${error}`));
    }
    for (const { reject } of this.waiting.values()) reject(new Error(`${this.sandbox}: its resident has ended`));
  }
}
