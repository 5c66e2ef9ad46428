/** What the holder of the stream tells every tab. `at` and `since` are times of this machine's clock. */
export type StreamMessage =
  | { readonly kind: 'live'; readonly hello: Hello; readonly changesWhileAway: number | null }
  | { readonly kind: 'event'; readonly name: string; readonly data: unknown; readonly position: number | null }
  /** Nothing was heard since `since` (null: never); the next try is at `nextTryAt`. */
  | { readonly kind: 'not-live'; readonly since: number | null; readonly nextTryAt: number }
  | { readonly kind: 'signed-out' };

export interface Hello {
  readonly position: number;
  readonly epoch: { readonly counter: number; readonly id: string };
  /** The clock of the control plane. */
  readonly at: string;
  readonly heartbeatSeconds: number;
  readonly resumed: boolean;
}

/** What a tab asks of the shared worker. */
export type TabMessage = 'leave' | 'try-now';
