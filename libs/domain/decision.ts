import { CodedError } from '#libs/contracts/errors.js';

/** Why a command is refused; each edge maps it to a status of its protocol. */
export type RefusalCategory = 'not-found' | 'conflict' | 'invalid' | 'forbidden';

/** The current state does not allow the command. Deciders return this error, and nothing is written. */
export class DomainError extends CodedError {
  constructor(
    readonly category: RefusalCategory,
    code: string,
    message: string,
    remedy: string | null = null,
    /** The member of the request that is wrong; null: none, or several. */
    readonly field: string | null = null,
  ) {
    super(code, message, remedy);
  }
}

/** The command was carried out, but its author should know this. */
export interface Warning {
  readonly code: string;
  readonly message: string;
}

/** The result of a command. No events: nothing had to change. */
export interface Outcome<Event, Result> {
  readonly events: readonly Event[];
  readonly result: Result;
  readonly warnings: readonly Warning[];
}

export type Decision<Event, Result> = Outcome<Event, Result> | DomainError;
