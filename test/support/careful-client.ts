import { randomUUID } from 'node:crypto';
import { waitFor } from './wait.js';

const TRY_MS = 5_000;
const ANSWERED_WITHIN_MS = 60_000;

/** A write that was answered with success. */
export interface Acknowledged {
  readonly key: string;
  /** Of the network, as the answer says. */
  readonly version: number;
  /** By the clock of `performance.now`. */
  readonly atMs: number;
}

export interface WriteAnswer {
  readonly version: number;
  readonly result: { readonly id?: string };
}

/** Writes to one network as a careful client does: asks again, with the same key, until there is an answer. */
export class CarefulClient {
  readonly acknowledged: Acknowledged[] = [];

  constructor(private readonly to: { readonly url: string; readonly token: string; readonly network: string }) {}

  /** Errors: a write that was refused, or that nobody has answered for a minute. */
  async write(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<WriteAnswer> {
    const key = randomUUID();
    const { url, token, network } = this.to;
    const answer = await waitFor(
      `an answer to ${method} ${path}`,
      async () => {
        const response = await fetch(`${url}/v1/networks/${network}/${path}`, {
          method,
          headers: {
            authorization: `Bearer ${token}`,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            'idempotency-key': key,
          },
          body: body === undefined ? null : JSON.stringify(body),
          signal: AbortSignal.timeout(TRY_MS),
        }).catch(() => null);
        if (response === null || response.status >= 500 || response.status === 429) return false;
        const text = await response.text().catch(() => null);
        if (text === null) return false;
        if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
        return JSON.parse(text) as WriteAnswer;
      },
      ANSWERED_WITHIN_MS,
    );
    this.acknowledged.push({ key, version: answer.version, atMs: performance.now() });
    return answer;
  }
}
