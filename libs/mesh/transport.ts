import type { Duplex } from 'node:stream';

/** Reachability only: who is at the other end is the business of the TLS session above. */
export interface Transport {
  readonly kind: 'direct' | 'tsnet';
  /** Connects to `host:port`; rejects with PeerUnreachableError. */
  dial(endpoint: string, signal: AbortSignal): Promise<Duplex>;
  /** Takes connections from peers; resolves, once listening, with the endpoints to tell them. */
  listen(handle: (connection: Duplex) => void): Promise<readonly string[]>;
  close(): Promise<void>;
}
