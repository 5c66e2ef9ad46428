import { eventHash, type HashedFields } from '#libs/audit/hash-chain.js';
import type { JsonValue } from '#libs/contracts/canonical-json.js';
import { ClaimTakenError, CommandIdReusedError, VersionConflictError } from './errors.js';
import type { CommandOutcome, CommandWrite, UniqueClaim } from './event-store.js';

/** A command that is in the log already. */
export interface KnownCommand {
  readonly requestHash: string;
  readonly result: JsonValue;
  readonly position: number;
  readonly streamVersion: number;
}

/** What the log holds for the commands of one batch, read under the append lock. */
export interface LogState {
  readonly headPosition: number;
  readonly headHash: string;
  readonly headRecordedAt: string;
  /** By the database's clock, RFC 3339 in UTC with milliseconds. */
  readonly now: string;
  readonly streamVersions: ReadonlyMap<string, number>;
  /** By commandKey. */
  readonly commands: ReadonlyMap<string, KnownCommand>;
  /** Holder, by claimKey. */
  readonly claims: ReadonlyMap<string, string>;
}

/** A command to be written. uncertain: an earlier attempt may have been committed. */
export interface PendingCommand {
  readonly write: CommandWrite;
  readonly uncertain: boolean;
}

export interface EventRow extends HashedFields {
  readonly previousHash: string;
  readonly hash: string;
}

export interface NewCommandRow {
  readonly write: CommandWrite;
  readonly resultText: string;
  readonly position: number;
  readonly streamVersion: number;
}

export interface ClaimChange {
  readonly claim: UniqueClaim;
  /** null: the claim was released. */
  readonly holder: string | null;
}

/** What one transaction writes, and the answer for each command once it is committed. */
export interface BatchPlan {
  readonly events: readonly EventRow[];
  readonly commands: readonly NewCommandRow[];
  readonly claimChanges: readonly ClaimChange[];
  readonly headPosition: number;
  /** RFC 3339; the same for every row of the batch. */
  readonly recordedAt: string;
  readonly answers: readonly (CommandOutcome | Error)[];
}

export const commandKey = (actor: string, commandId: string): string => JSON.stringify([actor, commandId]);
export const claimKey = (claim: UniqueClaim): string => JSON.stringify([claim.scope, claim.value]);

/**
 * Plans a batch: each command is checked against the state after those before it. A refused command
 * (VersionConflictError, CommandIdReusedError, ClaimTakenError) does not affect the others.
 */
export function planBatch(log: LogState, pending: readonly PendingCommand[]): BatchPlan {
  const streamVersions = new Map(log.streamVersions);
  const known = new Map(log.commands);
  const claims = new Map<string, string | null>(log.claims);
  const events: EventRow[] = [];
  const commands: NewCommandRow[] = [];
  const claimChanges: ClaimChange[] = [];
  let position = log.headPosition;
  let hash = log.headHash;
  const recordedAt = notBefore(log.headRecordedAt, log.now);

  const changeClaim = (claim: UniqueClaim, holder: string | null): void => {
    claims.set(claimKey(claim), holder);
    claimChanges.push({ claim, holder });
  };

  const answer = ({ write, uncertain }: PendingCommand): CommandOutcome | Error => {
    const key = commandKey(write.actor, write.commandId);
    const earlier = known.get(key);
    if (earlier !== undefined) return answerAgain(write, earlier, uncertain);
    const version = streamVersions.get(write.streamId) ?? 0;
    if (version !== write.expectedVersion) {
      return new VersionConflictError(write.streamId, write.expectedVersion, version);
    }
    for (const claim of write.claims) {
      const holder = claims.get(claimKey(claim)) ?? null;
      if (holder !== null && holder !== write.streamId) return new ClaimTakenError(claim, holder);
    }
    for (const claim of write.releases) {
      if (claims.get(claimKey(claim)) === write.streamId) changeClaim(claim, null);
    }
    for (const claim of write.claims) {
      if (claims.get(claimKey(claim)) !== write.streamId) changeClaim(claim, write.streamId);
    }

    let streamVersion = version;
    for (const event of write.events) {
      position += 1;
      streamVersion += 1;
      const fields: HashedFields = {
        position,
        streamId: write.streamId,
        streamVersion,
        type: event.type,
        schemaVersion: event.schemaVersion,
        dataText: JSON.stringify(event.data),
        metadataText: JSON.stringify(event.metadata ?? {}),
        actor: write.actor,
        commandId: write.commandId,
        correlationId: write.correlationId,
        causationId: write.causationId,
        recordedAt,
      };
      const previousHash = hash;
      hash = eventHash(previousHash, fields);
      events.push({ ...fields, previousHash, hash });
    }
    streamVersions.set(write.streamId, streamVersion);
    commands.push({ write, resultText: JSON.stringify(write.result), position, streamVersion });
    known.set(key, { requestHash: write.requestHash, result: write.result, position, streamVersion });
    return { kind: 'written', position, streamVersion, result: write.result };
  };

  const answers = pending.map(answer);
  return { events, commands, claimChanges, headPosition: position, recordedAt, answers };
}

/** An uncertain command found in the log is its own first attempt, and gets that attempt's answer. */
function answerAgain(write: CommandWrite, earlier: KnownCommand, uncertain: boolean): CommandOutcome | Error {
  const { requestHash, result, position, streamVersion } = earlier;
  if (requestHash !== write.requestHash) return new CommandIdReusedError(write.commandId);
  return uncertain ? { kind: 'written', position, streamVersion, result } : { kind: 'repeated', result };
}

/** A later position never has an earlier time, even if the clock goes back. Times in the same form compare as text. */
function notBefore(earliest: string, time: string): string {
  if (time < earliest) return earliest;
  return time;
}
