import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { canonicalJson, type JsonValue } from '#libs/contracts/canonical-json.js';
import type { DomainEvent } from '#libs/domain/aggregates.js';
import { storedEvent } from '#libs/domain/aggregates.js';
import { type Decision, DomainError, type Outcome } from '#libs/domain/decision.js';
import { CommandIdReusedError, VersionConflictError, WriteOutcomeUnknownError } from '#libs/event-store/errors.js';
import type { EventStore, UniqueClaim } from '#libs/event-store/event-store.js';
import { EVENT_STORE } from '../foundation/provided.js';
import { Directory } from './directory.js';
import { DirectoryFeed } from './directory-feed.js';
import { streamTitle } from './stream-title.js';
import { StreamTurns } from './stream-turns.js';

/** How often a decision is repeated because another process wrote to the stream meanwhile. */
const MAX_ATTEMPTS = 20;

export interface CommandContext {
  readonly commandId: string;
  /** The id was made for this very request, so nothing was ever answered to it. */
  readonly isFirst?: boolean;
  readonly actor: string;
  readonly correlationId: string;
  readonly causationId?: string | null;
  /** The version that the author has seen; null: any. */
  readonly expectedVersion: number | null;
}

export interface VersionedState<State> {
  readonly state: State;
  readonly version: number;
}

export interface CommandTask<State, Event extends DomainEvent, Told, Answer> {
  readonly context: CommandContext;
  /** The content of the request, to distinguish a repeat from another request with the same key. */
  readonly request: JsonValue;
  readonly streamId: string;
  readonly load: () => Promise<VersionedState<State>>;
  readonly decide: (state: State) => Decision<Event, Told> | Promise<Decision<Event, Told>>;
  /** The answer, which is stored with the command for repeats. */
  readonly answer: (outcome: Outcome<Event, Told>, before: VersionedState<State>) => Answer;
  readonly claims?: readonly UniqueClaim[];
  readonly releases?: readonly UniqueClaim[];
  /** An earlier answer was looked up already, and there is none. */
  readonly isNew?: boolean;
}

/**
 * Executes commands: looks for an earlier answer, folds, decides, appends. If the stream has moved on, the decision is
 * repeated on the new state, or refused if there is an expected version. Resolves when queries show the result.
 */
@Injectable()
export class CommandExecutor {
  private readonly turns = new StreamTurns();

  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    private readonly feed: DirectoryFeed,
    private readonly directory: Directory,
  ) {}

  /** Errors: DomainError, VersionConflictError, CommandIdReusedError, ClaimTakenError, the store's. */
  execute<State, Event extends DomainEvent, Told, Answer>(
    task: CommandTask<State, Event, Told, Answer>,
  ): Promise<Answer> {
    const { streamId } = task;
    return this.turns
      .take(streamId, () => this.attempt(task))
      .catch((error: unknown) => {
        throw error instanceof VersionConflictError ? error.named(streamTitle(streamId, this.directory)) : error;
      });
  }

  /** The earlier answer to this command; null: it is new. Error: CommandIdReusedError. */
  async earlierAnswer<Answer>(context: CommandContext, request: JsonValue): Promise<Answer | null> {
    if (context.isFirst === true) return null;
    const row = await this.store.findCommand(context.actor, context.commandId);
    if (row === null) return null;
    if (row.requestHash !== hashOf(context, request)) throw new CommandIdReusedError(context.commandId);
    return row.result as Answer;
  }

  /**
   * If the result cannot be shown because the database is away, the author needs the command's id to find out its
   * outcome.
   */
  private async shown(position: number, { commandId }: CommandContext): Promise<void> {
    try {
      await this.feed.reached(position);
    } catch (error) {
      throw new WriteOutcomeUnknownError(commandId, error);
    }
  }

  private async attempt<State, Event extends DomainEvent, Told, Answer>(
    task: CommandTask<State, Event, Told, Answer>,
  ): Promise<Answer> {
    const { context, request, streamId } = task;
    const earlier = task.isNew ? null : await this.earlierAnswer<Answer>(context, request);
    if (earlier !== null) return earlier;
    for (let attempt = 1; ; attempt += 1) {
      const before = await task.load();
      // A repeat may have waited behind the very command that it repeats, whose result must not refuse it.
      const refuse = async (refusal: Error): Promise<Answer> => {
        const answered = await this.earlierAnswer<Answer>(context, request);
        if (answered === null) throw refusal;
        return answered;
      };
      if (context.expectedVersion !== null && context.expectedVersion !== before.version) {
        return refuse(new VersionConflictError(streamId, context.expectedVersion, before.version));
      }
      const decision = await task.decide(before.state);
      if (decision instanceof DomainError) return refuse(decision);
      const answer = task.answer(decision, before);
      try {
        const written = await this.store.execute({
          commandId: context.commandId,
          actor: context.actor,
          requestHash: hashOf(context, request),
          correlationId: context.correlationId,
          causationId: context.causationId ?? null,
          streamId,
          expectedVersion: before.version,
          events: decision.events.map(storedEvent),
          claims: task.claims ?? [],
          releases: task.releases ?? [],
          result: jsonOf(answer),
        });
        if (written.kind === 'repeated') return written.result as Answer;
        if (decision.events.length > 0) await this.shown(written.position, context);
        return answer;
      } catch (error) {
        const movedOn = error instanceof VersionConflictError && context.expectedVersion === null;
        if (!movedOn || attempt === MAX_ATTEMPTS) throw error;
      }
    }
  }
}

/** A value as the JSON that is sent. */
export function jsonOf(value: unknown): JsonValue {
  return JSON.parse(JSON.stringify(value ?? null));
}

function hashOf({ expectedVersion }: CommandContext, request: JsonValue): string {
  return createHash('sha256')
    .update(canonicalJson([request, expectedVersion]), 'utf8')
    .digest('hex');
}
