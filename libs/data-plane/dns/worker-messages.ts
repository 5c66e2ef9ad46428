import type { DeniedQuery } from './denied-queries.js';
import type { DnsLimits } from './limits.js';
import type { ListenFailure } from './listeners.js';
import type { OutsideAnswer } from './outside-answers.js';
import type { DnsSettings, DnsZone, DnsZoneChange } from './zone.js';

/** Settings that a worker is started with. */
export interface WorkerSettings {
  readonly settings: Omit<DnsSettings, 'listen'>;
  readonly limits: DnsLimits;
  readonly counters: SharedArrayBuffer;
  /** Whether rules may allow names outside. */
  readonly answersOutside: boolean;
  /** A random number of 32 bits. */
  readonly seed: number;
}

/** A name outside that a pattern of this client covers. */
export interface OutsideAsk {
  readonly askId: number;
  readonly name: string;
  readonly source: string;
}

export interface OutsideAskAnswer {
  readonly askId: number;
  readonly answer: OutsideAnswer;
}

export type WorkerRequest =
  | { readonly kind: 'load'; readonly zone: DnsZone }
  | { readonly kind: 'change'; readonly change: DnsZoneChange }
  | { readonly kind: 'listen'; readonly addresses: readonly string[] }
  | { readonly kind: 'revision' }
  /** The answers to one `outside-asked`. */
  | { readonly kind: 'outside'; readonly answers: readonly OutsideAskAnswer[] }
  | { readonly kind: 'close' };

/** The result of each kind of request. */
export interface WorkerResults {
  readonly load: number;
  /** The revision served; null: the worker serves another one than the change applies to. */
  readonly change: number | null;
  readonly listen: readonly ListenFailure[];
  readonly revision: number;
  readonly outside: null;
  readonly close: null;
}

export type NumberedRequest = WorkerRequest & { readonly requestId: number };

export type WorkerMessage =
  | { readonly kind: 'done'; readonly requestId: number; readonly result: WorkerResults[keyof WorkerResults] }
  | { readonly kind: 'failed'; readonly requestId: number; readonly code: string; readonly message: string }
  | { readonly kind: 'listener-lost'; readonly failure: ListenFailure }
  | { readonly kind: 'listener-back'; readonly address: string }
  | { readonly kind: 'outside-asked'; readonly asks: readonly OutsideAsk[] }
  /** Queries of the last second for names outside that no rule allows. */
  | { readonly kind: 'names-denied'; readonly denied: readonly DeniedQuery[] }
  | { readonly kind: 'upstream-silent' | 'upstream-answers'; readonly address: string };
