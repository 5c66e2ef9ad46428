import type { MeshIdentity } from './flow.js';

/** Something an operator may want to know of: a peer refused, lost, or off protocol. Holds no secret. */
export interface MeshLogEntry {
  readonly code: string;
  /** null: it did not prove who it is. */
  readonly peer: MeshIdentity | null;
  readonly message: string;
}

export type MeshLog = (entry: MeshLogEntry) => void;
