import type { DnsLimits } from './limits.js';
import type { ListenFailure } from './listeners.js';
import type { DnsSettings, DnsZone } from './zone.js';

/** What a worker is born with. */
export interface WorkerSettings {
  readonly settings: Omit<DnsSettings, 'listen'>;
  readonly limits: DnsLimits;
  readonly counters: SharedArrayBuffer;
}

export type WorkerRequest =
  | { readonly kind: 'load'; readonly zone: DnsZone }
  | { readonly kind: 'listen'; readonly addresses: readonly string[] }
  | { readonly kind: 'revision' }
  | { readonly kind: 'close' };

/** What each request is answered with. */
export interface WorkerResults {
  readonly load: number;
  readonly listen: readonly ListenFailure[];
  readonly revision: number;
  readonly close: null;
}

export type NumberedRequest = WorkerRequest & { readonly requestId: number };

export type WorkerMessage =
  | { readonly kind: 'done'; readonly requestId: number; readonly result: WorkerResults[keyof WorkerResults] }
  | { readonly kind: 'failed'; readonly requestId: number; readonly code: string; readonly message: string }
  | { readonly kind: 'listener-lost'; readonly failure: ListenFailure }
  | { readonly kind: 'listener-back'; readonly address: string }
  | { readonly kind: 'upstream-silent' | 'upstream-answers'; readonly address: string };
