import { CodedError } from '#libs/contracts/errors.js';

/** Why a command is refused, which an edge turns into a status of its own protocol. */
export type RefusalCategory = 'not-found' | 'conflict' | 'invalid' | 'forbidden';

/** A command that the present state does not allow. Deciders return it; nothing is written. */
export class DomainError extends CodedError {
  constructor(
    readonly category: RefusalCategory,
    code: string,
    message: string,
    remedy: string | null = null,
    /** The member of the request that it is about; null: it is about none, or about several. */
    readonly field: string | null = null,
  ) {
    super(code, message, remedy);
  }
}

/** The command was carried out, and its author should know this. */
export interface Warning {
  readonly code: string;
  readonly message: string;
}

/** What a command makes of a state. No events: it was so already. */
export interface Outcome<Event, Result> {
  readonly events: readonly Event[];
  readonly result: Result;
  readonly warnings: readonly Warning[];
}

export type Decision<Event, Result> = Outcome<Event, Result> | DomainError;
