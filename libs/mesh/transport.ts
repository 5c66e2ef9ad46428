import type { Duplex } from 'node:stream';

/** The node's state in the mesh, as far as its transport knows now. */
export interface TransportStatus {
  readonly state: 'joining' | 'joined' | 'failed';
  /** Error while not joined, warning while joined; null if healthy. */
  readonly code: string | null;
  readonly message: string | null;
  /**
   * The `host:port`s at which peers reach this node. Kept while a node that had joined is out, since they rarely
   * change.
   */
  readonly endpoints: readonly string[];
}

/** Gives reachability only. The TLS session above it authenticates the peer. */
export interface Transport {
  readonly kind: 'direct' | 'tsnet';
  /** Connects to `host:port`; rejects with PeerUnreachableError. */
  dial(endpoint: string, signal: AbortSignal): Promise<Duplex>;
  /** Takes connections from peers and begins to join; `status` reports the progress. */
  listen(handle: (connection: Duplex) => void): Promise<void>;
  /** Begins to join without taking connections, for nodes that only open flows. */
  join(): Promise<void>;
  status(): TransportStatus;
  /** Sets the listener that is called after each change of `status`. Call it once. */
  onStatus(listener: (status: TransportStatus) => void): void;
  /** Replaces the endpoints that may be dialled soon, so that the transport can find paths to them in advance. */
  expect(endpoints: readonly string[]): void;
  close(): Promise<void>;
}
