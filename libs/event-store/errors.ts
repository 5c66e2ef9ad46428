import { CodedError } from '#libs/contracts/errors.js';
import type { UniqueClaim } from './event-store.js';

/** The stream has newer events than the decision was based on; nothing was written. */
export class VersionConflictError extends CodedError {
  constructor(
    readonly streamId: string,
    readonly expectedVersion: number,
    readonly actualVersion: number,
    /** The stream's name for people. */
    name: string = streamId,
  ) {
    super(
      'VERSION_CONFLICT',
      `${name} is at version ${actualVersion}, not at ${expectedVersion}`,
      'read it again and repeat the command for its present version',
    );
  }

  /** The same error with another name for the stream. */
  named(name: string): VersionConflictError {
    return new VersionConflictError(this.streamId, this.expectedVersion, this.actualVersion, name);
  }
}

/** The same actor used this command id before for another command; nothing was written. */
export class CommandIdReusedError extends CodedError {
  constructor(readonly commandId: string) {
    super(
      'IDEMPOTENCY_KEY_REUSED',
      `the idempotency key ${commandId} was used before for another request`,
      'send the request with a new Idempotency-Key',
    );
  }
}

/** Another stream holds a unique value; nothing was written. */
export class ClaimTakenError extends CodedError {
  constructor(
    readonly claim: UniqueClaim,
    readonly holder: string,
  ) {
    super('CLAIM_TAKEN', `${claim.scope} ${claim.value} is taken`, `choose another ${claim.scope}`);
  }
}

/** The database did not answer in time, and nothing of the command was sent to it. */
export class StoreUnavailableError extends CodedError {
  constructor(cause: unknown) {
    super(
      'STORE_UNAVAILABLE',
      `the database did not answer in time; nothing was written: ${messageOf(cause)}`,
      'try again in a moment',
    );
  }
}

/** The database's disk is full: it refused the command, and nothing was written. */
export class StoreFullError extends CodedError {
  constructor(cause: unknown) {
    super(
      'STORE_FULL',
      `the disk of the database is full; nothing was written: ${messageOf(cause)}`,
      "free space on the disk of Postgres's data directory; the control plane then writes again automatically",
    );
  }
}

/**
 * The database did not answer a commit in time, so whether the command was written is unknown. Repeat it with the same
 * id to find out.
 */
export class WriteOutcomeUnknownError extends CodedError {
  constructor(commandId: string, cause: unknown) {
    super(
      'WRITE_OUTCOME_UNKNOWN',
      `the database did not answer in time; the change may have been made: ${messageOf(cause)}`,
      `repeat the same request with the Idempotency-Key ${commandId}: it is carried out once`,
    );
  }
}

/** A connection to the database was lost; the store reconnects by itself. */
export class ConnectionLostError extends CodedError {
  constructor(cause: unknown) {
    super('STORE_CONNECTION_LOST', `connection to the database lost: ${messageOf(cause)}`);
  }
}

/** The store was closed before the command was tried. */
export class StoreClosedError extends CodedError {
  constructor() {
    super('STORE_CLOSED', 'the event store is closed', null);
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
