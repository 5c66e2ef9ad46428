import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { setDeadline } from '#libs/async/deadline.js';
import { createCounterMemory, readCounters } from './counters.js';
import type { DeniedQuery } from './denied-queries.js';
import { parseEndpoint } from './endpoint.js';
import { forbiddenBlocks } from './forbidden-ranges.js';
import { DEFAULT_DNS_LIMITS, type DnsLimits } from './limits.js';
import type { ListenFailure } from './listeners.js';
import type { AskOutside } from './outside-answers.js';
import {
  DnsWorkerGoneError,
  DnsWorkerRefusedError,
  DnsWorkerSilentError,
  linkWorker,
  type WorkerLink,
} from './worker-link.js';
import type { OutsideAsk, OutsideAskAnswer, WorkerSettings } from './worker-messages.js';
import type { DnsServer, DnsSettings, DnsZone } from './zone.js';
import { EMPTY_ZONE } from './zone-index.js';

/** Events of the server, for the log and the status. */
export type DnsServerEvent =
  | { readonly kind: 'worker-died'; readonly reason: string; readonly restartInMs: number }
  | { readonly kind: 'worker-restarted'; readonly revision: number }
  | ({ readonly kind: 'listen-failed' } & ListenFailure)
  /** An address on which listening had failed is open now. */
  | { readonly kind: 'listen-recovered'; readonly address: string }
  /** An upstream resolver does not answer, and is not asked until it answers a probe. */
  | { readonly kind: 'upstream-silent' | 'upstream-answers'; readonly address: string };

export interface DnsServerOptions {
  readonly limits?: DnsLimits;
  /** Time for the worker to answer a request. */
  readonly answerWithinMs?: number;
  readonly startWorker?: (settings: WorkerSettings) => Worker;
  /** Returns the address of an allowed name outside; absent: no rule allows any. */
  readonly askOutside?: AskOutside;
  /** Called with queries for names outside that no rule allows. */
  readonly namesDenied?: (denied: readonly DeniedQuery[]) => void;
}

const ANSWER_WITHIN_MS = 5_000;
const RESTART_FIRST_MS = 50;
const RESTART_LONGEST_MS = 5_000;
/** After a worker lived this long, the pauses between restarts begin anew. */
const HEALTHY_AFTER_MS = 30_000;

function startDnsWorker(workerData: WorkerSettings): Worker {
  return new Worker(new URL('./worker.js', import.meta.url), { workerData });
}

/**
 * Starts the DNS worker and its sockets. An address on which listening fails is reported as `listen-failed` and does
 * not stop the others; it is retried until it opens (`listen-recovered`). A worker that crashes is reported, restarted
 * and given the same addresses and zone. Throws InvalidInputError for invalid upstreams or ranges.
 */
export async function startDnsServer(
  settings: DnsSettings,
  report: (event: DnsServerEvent) => void,
  options: DnsServerOptions = {},
): Promise<DnsServer> {
  for (const upstream of settings.upstreams) parseEndpoint(upstream, 'DNS upstream');
  forbiddenBlocks(settings.forbiddenRanges);
  const { limits = DEFAULT_DNS_LIMITS, answerWithinMs = ANSWER_WITHIN_MS, startWorker = startDnsWorker } = options;
  const { askOutside, namesDenied } = options;
  const counters = createCounterMemory();
  const answersOutside = askOutside !== undefined;

  let addresses = settings.listen;
  let zone = (): DnsZone => EMPTY_ZONE;
  let failures = 0;
  let current: Promise<WorkerLink>;
  /** Aborted when the server closes. */
  const ending = new AbortController();
  const reportFailures = (failed: readonly ListenFailure[]): void => {
    for (const failure of failed) report({ kind: 'listen-failed', ...failure });
  };

  /**
   * Starts a worker with the current addresses and zone. The zone comes first, so that no client is told that nothing
   * exists.
   */
  async function begin(): Promise<WorkerLink> {
    const startedAt = performance.now();
    const link: WorkerLink = linkWorker(
      startWorker({ settings, limits, counters, answersOutside, seed: randomInt(2 ** 32) }),
      (news) => {
        if (news.kind === 'listener-lost') reportFailures([news.failure]);
        else if (news.kind === 'listener-back') report({ kind: 'listen-recovered', address: news.address });
        else if (news.kind === 'names-denied') namesDenied?.(news.denied);
        else if (news.kind === 'outside-asked') void answerOutside(() => link, news.asks);
        else report(news);
      },
      (reason) => {
        if (!ending.signal.aborted) restart(reason, performance.now() - startedAt);
      },
    );
    try {
      await link.request({ kind: 'load', zone: zone() }, answerWithinMs);
      reportFailures(await link.request({ kind: 'listen', addresses }, answerWithinMs));
      return link;
    } catch (error) {
      await link.terminate();
      throw error;
    }
  }

  async function answerOutside(link: () => WorkerLink, asks: readonly OutsideAsk[]): Promise<void> {
    const answers = await Promise.all(
      asks.map(async ({ askId, name, source }): Promise<OutsideAskAnswer> => {
        const answer = await askOutside?.(name, source).catch(() => null);
        return { askId, answer: answer ?? { kind: 'failed' } };
      }),
    );
    // A worker that has ended needs no answer, and its successor has not asked.
    await link()
      .request({ kind: 'outside', answers }, answerWithinMs)
      .catch(() => {});
  }

  function restart(reason: string, livedMs: number): void {
    failures = livedMs > HEALTHY_AFTER_MS ? 1 : failures + 1;
    const restartInMs = Math.min(RESTART_LONGEST_MS, RESTART_FIRST_MS * 2 ** (failures - 1));
    report({ kind: 'worker-died', reason, restartInMs });
    current = delay(restartInMs, undefined, { signal: ending.signal }).then(begin);
    current.then(
      () => report({ kind: 'worker-restarted', revision: zone().revision }),
      // A worker that fails to begin is ended, which causes the next start.
      () => {},
    );
  }

  /** Asks the current worker; if it ends meanwhile, asks its successor. */
  async function ask<Result>(request: (link: WorkerLink, withinMs: number) => Promise<Result>): Promise<Result> {
    const deadline = performance.now() + answerWithinMs;
    for (;;) {
      const leftMs = Math.max(1, deadline - performance.now());
      try {
        return await request(await within(current, leftMs), leftMs);
      } catch (error) {
        if (!(error instanceof DnsWorkerGoneError) || ending.signal.aborted || performance.now() > deadline)
          throw error;
      }
    }
  }

  /** Loads the newest zone, also when an older load is tried again with the next worker. */
  async function load(): Promise<void> {
    await ask((link, withinMs) => link.request({ kind: 'load', zone: zone() }, withinMs));
  }

  /** Tells the worker of a zone. A worker that is started later begins with it too, unless this one refuses it. */
  async function become(wanted: () => DnsZone, told: () => Promise<void>): Promise<void> {
    const before = zone;
    zone = wanted;
    try {
      await told();
    } catch (error) {
      if (error instanceof DnsWorkerRefusedError && zone === wanted) zone = before;
      throw error;
    }
  }

  current = begin();
  try {
    await current;
  } catch (error) {
    ending.abort();
    throw error;
  }

  return {
    load: (wanted) => become(() => wanted, load),
    change: (change, wanted) =>
      become(wanted, async () => {
        const served = await ask((link, withinMs) => link.request({ kind: 'change', change }, withinMs));
        if (served === null) await load();
      }),
    listen(wanted) {
      addresses = wanted;
      return ask((link, withinMs) => link.request({ kind: 'listen', addresses }, withinMs));
    },
    revision() {
      return ask((link, withinMs) => link.request({ kind: 'revision' }, withinMs)).catch(() => null);
    },
    async counters() {
      return readCounters(counters);
    },
    async close() {
      if (ending.signal.aborted) return;
      ending.abort();
      const link = await current.catch(() => null);
      await link?.request({ kind: 'close' }, answerWithinMs).catch(() => null);
      await link?.terminate();
    },
  };
}

async function within<Value>(promise: Promise<Value>, timeoutMs: number): Promise<Value> {
  let cancel: (() => void) | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new DnsWorkerSilentError('DNS_WORKER_SILENT', `the DNS worker did not start within ${timeoutMs} ms`);
    cancel = setDeadline(timeoutMs, () => reject(error));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    cancel?.();
  }
}
