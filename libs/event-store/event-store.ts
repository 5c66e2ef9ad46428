import type { JsonValue } from '#libs/contracts/canonical-json.js';

export interface NewEvent {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: { readonly [key: string]: JsonValue };
  readonly metadata?: { readonly [key: string]: JsonValue };
}

export interface StoredEvent {
  /** Global, from 1, without order ever differing from commit order. */
  readonly position: number;
  readonly streamId: string;
  /** From 1. */
  readonly streamVersion: number;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: { readonly [key: string]: JsonValue };
  readonly metadata: { readonly [key: string]: JsonValue };
  readonly actor: string;
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId: string | null;
  /** RFC 3339. */
  readonly recordedAt: string;
  readonly previousHash: string;
  readonly hash: string;
}

/** One value that no two holders may have at once, such as a network's name. */
export interface UniqueClaim {
  readonly scope: string;
  readonly value: string;
}

/** Everything one command writes: all of it or nothing. No events is a no-op, whose row is kept all the same. */
export interface CommandWrite {
  readonly commandId: string;
  readonly actor: string;
  /** Hash of what was asked: the same id with another hash is refused. */
  readonly requestHash: string;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly streamId: string;
  /** The stream version the decision was made on; 0: the stream does not exist. */
  readonly expectedVersion: number;
  readonly events: readonly NewEvent[];
  readonly claims: readonly UniqueClaim[];
  readonly releases: readonly UniqueClaim[];
  /** What a repeat of this command is answered with. */
  readonly result: JsonValue;
}

export type CommandOutcome =
  /** position: of the last event written, or the log's end for a no-op. */
  | { readonly kind: 'written'; readonly position: number; readonly streamVersion: number; readonly result: JsonValue }
  | { readonly kind: 'repeated'; readonly result: JsonValue };

export interface CommandRow {
  readonly requestHash: string;
  readonly result: JsonValue;
}

export interface Subscription {
  /** Ends delivery and waits for the handler that is running. */
  close(): Promise<void>;
}

/**
 * Errors: VersionConflictError, CommandIdReusedError, ClaimTakenError (see errors.ts); anything else is the database's.
 */
export interface EventStore {
  execute(write: CommandWrite): Promise<CommandOutcome>;
  /** The row of a command already executed, looked up before a decision is made again. */
  findCommand(actor: string, commandId: string): Promise<CommandRow | null>;
  /** Events of a newer program come as they are stored, here and from readAll: whoever folds them finds that out. */
  readStream(streamId: string, afterVersion?: number, upToVersion?: number): Promise<readonly StoredEvent[]>;
  /** The events of a stream that made these versions, in order; versions that it does not have are left out. */
  readVersions(streamId: string, versions: readonly number[]): Promise<readonly StoredEvent[]>;
  /** The last version of a stream that was written at this time or before; 0: there was none. */
  streamVersionAt(streamId: string, at: Date): Promise<number>;
  /** How many events a stream has, whether this program can read them or not; 0: there is none. */
  streamVersion(streamId: string): Promise<number>;
  /** Events of the whole log in order, `position > after`, at most limit. */
  readAll(after: number, limit: number): Promise<readonly StoredEvent[]>;
  /** Calls handle with every event after the position given, in order, one batch at a time; a rejection is retried. */
  subscribe(
    after: number,
    handle: (events: readonly StoredEvent[]) => Promise<void>,
    onError: (error: unknown) => void,
  ): Subscription;
  /** Who holds a unique value now: a stream id. */
  findClaim(claim: UniqueClaim): Promise<string | null>;
  close(): Promise<void>;
}
