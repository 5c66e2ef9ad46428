import type { MeshIdentity } from './flow.js';

/** An event for operators: a peer was refused, was lost, or broke the protocol. Contains no secret. */
export interface MeshLogEntry {
  readonly code: string;
  /** null: the peer did not prove its identity. */
  readonly peer: MeshIdentity | null;
  readonly message: string;
}

export type MeshLog = (entry: MeshLogEntry) => void;
