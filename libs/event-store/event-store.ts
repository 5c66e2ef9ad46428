import type { JsonValue } from '#libs/contracts/canonical-json.js';

export interface NewEvent {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: { readonly [key: string]: JsonValue };
  readonly metadata?: { readonly [key: string]: JsonValue };
}

export interface StoredEvent {
  /** In the whole log, from 1. The order of positions is the order of commits. */
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

/** A value that only one holder may have at a time, such as a network's name. */
export interface UniqueClaim {
  readonly scope: string;
  readonly value: string;
}

/** Everything that one command writes: all or nothing. A no-op has no events, but its row is kept too. */
export interface CommandWrite {
  readonly commandId: string;
  readonly actor: string;
  /** Hash of the request: the same id with another hash is refused. */
  readonly requestHash: string;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly streamId: string;
  /** The stream version that the decision was based on; 0: the stream does not exist. */
  readonly expectedVersion: number;
  readonly events: readonly NewEvent[];
  readonly claims: readonly UniqueClaim[];
  readonly releases: readonly UniqueClaim[];
  /** The answer to a repeat of this command. */
  readonly result: JsonValue;
}

export type CommandOutcome =
  /** position: of the last event written, or the end of the log for a no-op. */
  | { readonly kind: 'written'; readonly position: number; readonly streamVersion: number; readonly result: JsonValue }
  | { readonly kind: 'repeated'; readonly result: JsonValue };

export interface CommandRow {
  readonly requestHash: string;
  readonly result: JsonValue;
}

export interface Subscription {
  /** Stops delivery and waits for the running handler. */
  close(): Promise<void>;
}

/**
 * Errors: VersionConflictError, CommandIdReusedError, ClaimTakenError (see errors.ts); all others are the database's.
 */
export interface EventStore {
  execute(write: CommandWrite): Promise<CommandOutcome>;
  /** The row of an executed command, which is looked up before a decision is repeated. */
  findCommand(actor: string, commandId: string): Promise<CommandRow | null>;
  /** Events of a newer release are returned as stored, here and by readAll; folding them fails. */
  readStream(streamId: string, afterVersion?: number, upToVersion?: number): Promise<readonly StoredEvent[]>;
  /** The events of a stream that made these versions, in order; versions that it does not have are left out. */
  readVersions(streamId: string, versions: readonly number[]): Promise<readonly StoredEvent[]>;
  /** The version that a stream had at this time; 0: it had none. */
  streamVersionAt(streamId: string, at: Date): Promise<number>;
  /** The number of events in a stream, whether or not this release can read them; 0: there is no such stream. */
  streamVersion(streamId: string): Promise<number>;
  /** Events of the whole log in order, `position > after`, at most limit. */
  readAll(after: number, limit: number): Promise<readonly StoredEvent[]>;
  /** Calls handle with all events after the position, in order, one batch at a time. A rejected batch is repeated. */
  subscribe(
    after: number,
    handle: (events: readonly StoredEvent[]) => Promise<void>,
    onError: (error: unknown) => void,
  ): Subscription;
  /** The stream id that holds a unique value. */
  findClaim(claim: UniqueClaim): Promise<string | null>;
  close(): Promise<void>;
}
