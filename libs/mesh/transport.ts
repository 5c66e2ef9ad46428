import type { Duplex } from 'node:stream';

/** How a node stands in the mesh, by what its transport knows now. */
export interface TransportStatus {
  readonly state: 'joining' | 'joined' | 'failed';
  /** Why it is not joined, or what is wrong although it is; null when nothing is. */
  readonly code: string | null;
  readonly message: string | null;
  /** `host:port` each, to be told to peers. Kept while a node that had joined is out: they are hints. */
  readonly endpoints: readonly string[];
}

/** Reachability only: who is at the other end is the business of the TLS session above. */
export interface Transport {
  readonly kind: 'direct' | 'tsnet';
  /** Connects to `host:port`; rejects with PeerUnreachableError. */
  dial(endpoint: string, signal: AbortSignal): Promise<Duplex>;
  /** Takes connections from peers and begins to join; `status` says how far that is. */
  listen(handle: (connection: Duplex) => void): Promise<void>;
  /** Begins to join without taking connections: for nodes that only ask. */
  join(): Promise<void>;
  status(): TransportStatus;
  /** Called after each change of `status`. Set once. */
  onStatus(listener: (status: TransportStatus) => void): void;
  /** Endpoints that may be dialled from now on, in place of those before: a path is found before it is needed. */
  expect(endpoints: readonly string[]): void;
  close(): Promise<void>;
}
