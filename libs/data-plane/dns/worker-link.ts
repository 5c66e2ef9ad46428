import type { Worker } from 'node:worker_threads';
import { setDeadline } from '#libs/async/deadline.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { WorkerMessage, WorkerRequest, WorkerResults } from './worker-messages.js';

/** The worker has ended; its successor may answer. */
export class DnsWorkerGoneError extends CodedError {}
/** The worker did not answer in time. */
export class DnsWorkerSilentError extends CodedError {}
/** The worker refused the request: a zone that cannot be served. */
export class DnsWorkerRefusedError extends CodedError {}

export interface WorkerLink {
  /** Errors: DnsWorkerGoneError, DnsWorkerSilentError, DnsWorkerRefusedError. */
  request<Kind extends WorkerRequest['kind']>(
    request: Extract<WorkerRequest, { kind: Kind }>,
    timeoutMs: number,
  ): Promise<WorkerResults[Kind]>;
  terminate(): Promise<void>;
}

type WorkerAnswer = Extract<WorkerMessage, { kind: 'done' | 'failed' }>;
export type WorkerNews = Exclude<WorkerMessage, WorkerAnswer>;

interface Waiting {
  readonly settle: (message: WorkerAnswer) => void;
  readonly abandon: (error: Error) => void;
}

/** Sends requests to one worker and matches its answers, from its start to its end, which is reported once. */
export function linkWorker(
  worker: Worker,
  onNews: (news: WorkerNews) => void,
  onDeath: (reason: string) => void,
): WorkerLink {
  const waiting = new Map<number, Waiting>();
  let nextId = 1;
  let lastError: string | null = null;
  let gone: DnsWorkerGoneError | null = null;

  worker.on('message', (message: WorkerMessage) => {
    if (message.kind === 'done' || message.kind === 'failed') waiting.get(message.requestId)?.settle(message);
    else onNews(message);
  });
  worker.on('error', (error) => {
    lastError = error instanceof Error ? error.message : String(error);
  });
  worker.on('exit', (code) => {
    const reason = lastError ?? `exit code ${code}`;
    gone = new DnsWorkerGoneError('DNS_WORKER_GONE', `the DNS worker ended: ${reason}`);
    for (const request of waiting.values()) request.abandon(gone);
    onDeath(reason);
  });

  return {
    request(request, timeoutMs) {
      if (gone !== null) return Promise.reject(gone);
      const requestId = nextId;
      nextId += 1;
      return new Promise((resolve, reject) => {
        const cancel = setDeadline(timeoutMs, () => {
          waiting.delete(requestId);
          const text = `the DNS worker did not answer ${request.kind} within ${timeoutMs} ms`;
          reject(new DnsWorkerSilentError('DNS_WORKER_SILENT', text));
        });
        const finish = (): void => {
          cancel();
          waiting.delete(requestId);
        };
        waiting.set(requestId, {
          settle: (message) => {
            finish();
            if (message.kind === 'failed') reject(new DnsWorkerRefusedError(message.code, message.message));
            // The worker answers each request with the result type of its kind.
            else resolve(message.result as WorkerResults[typeof request.kind]);
          },
          abandon: (error) => {
            finish();
            reject(error);
          },
        });
        worker.postMessage({ ...request, requestId });
      });
    },
    async terminate() {
      await worker.terminate();
    },
  };
}
