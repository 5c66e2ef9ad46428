import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

const TRY_MS = 5_000;
const AGAIN_AFTER_MS = 100;
const ANSWERED_WITHIN_MS = 60_000;

/** A write with a successful answer. */
export interface Acknowledged {
  readonly key: string;
  /** The network's version in the answer. */
  readonly version: number;
  /** By the clock of `performance.now`. */
  readonly atMs: number;
}

export interface WriteAnswer {
  readonly version: number;
  readonly result: { readonly id?: string };
}

/** Writes to one network as a careful client does: repeats a request with the same key until there is an answer. */
export class CarefulClient {
  readonly acknowledged: Acknowledged[] = [];

  constructor(private readonly to: { readonly url: string; readonly token: string; readonly network: string }) {}

  /** Errors: a write was refused, or got no answer for a minute. */
  async write(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<WriteAnswer> {
    const key = randomUUID();
    const { url, token, network } = this.to;
    const answer = await this.answered(`${method} ${path}`, () =>
      fetch(`${url}/v1/networks/${network}/${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          'idempotency-key': key,
        },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(TRY_MS),
      }),
    );
    this.acknowledged.push({ key, version: answer.version, atMs: performance.now() });
    return answer;
  }

  /**
   * Repeats soon, even after an attempt without an answer, so that its own wait does not count as the server's delay.
   */
  private async answered(what: string, ask: () => Promise<Response>): Promise<WriteAnswer> {
    const deadline = performance.now() + ANSWERED_WITHIN_MS;
    for (;;) {
      const response = await ask().catch(() => null);
      const isRefused = response !== null && response.status < 500 && response.status !== 429 && !response.ok;
      const text = await response?.text().catch(() => null);
      if (isRefused) throw new Error(`${what}: ${response.status} ${text}`);
      if (response?.ok && typeof text === 'string') return JSON.parse(text);
      if (performance.now() > deadline) throw new Error(`not within ${ANSWERED_WITHIN_MS} ms: an answer to ${what}`);
      await pause(AGAIN_AFTER_MS);
    }
  }
}
