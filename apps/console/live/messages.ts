/** Messages from the holder of the stream to all tabs. `at` and `since` are by this machine's clock. */
export type StreamMessage =
  | { readonly kind: 'live'; readonly hello: Hello; readonly changesWhileAway: number | null }
  | { readonly kind: 'event'; readonly name: string; readonly data: unknown; readonly position: number | null }
  /** Nothing received since `since` (null: ever); the next attempt is at `nextTryAt`. */
  | { readonly kind: 'not-live'; readonly since: number | null; readonly nextTryAt: number }
  | { readonly kind: 'signed-out' };

export interface Hello {
  readonly position: number;
  readonly epoch: { readonly counter: number; readonly id: string };
  /** By the control plane's clock. */
  readonly at: string;
  readonly heartbeatSeconds: number;
  readonly resumed: boolean;
}

/** Requests of a tab to the shared worker. */
export type TabMessage = 'leave' | 'try-now';
