import { CodedError, HttpRefusalError } from '#libs/contracts/errors.js';

/** The command line is invalid: a flag, an argument, or a combination. */
export class UsageError extends CodedError {
  constructor(message: string, remedy: string, code = 'USAGE') {
    super(code, message, remedy);
  }
}

/** It is not known which control plane to use, or with which token. */
export class ContextError extends CodedError {}

/** No connection to the control plane, or another server answered. */
export class UnreachableError extends CodedError {}

/** The control plane did not answer in time. */
export class TimedOutError extends CodedError {}

/** Ctrl-C before the answer came. */
export class InterruptedError extends CodedError {}

/** The command cannot be carried out for this sandbox, or from this machine. */
export class RefusedHereError extends CodedError {}

/** An error answer of the control plane: a problem document (RFC 9457). */
export class ApiError extends HttpRefusalError {
  constructor(
    status: number,
    code: string,
    message: string,
    remedy: string | null,
    /** The member of the request that it is about; null: none. */
    readonly field: string | null = null,
  ) {
    super(status, code, message, remedy);
  }
}

/** What a write reported before a later step failed. */
export interface Written {
  readonly network: string;
  readonly version: number;
  readonly changed: boolean;
}

/** The write is in the log, or was not needed; whether agents follow it could not be found out. */
export class WrittenNotProvenError extends CodedError {
  constructor(
    readonly written: Written,
    readonly exitCode: number,
    code: string,
    reason: string,
  ) {
    super(
      code,
      written.changed
        ? `version ${written.version} of ${written.network} is written, but it is unknown whether it is applied: ` +
            `${reason}`
        : `nothing was written; it is unknown whether version ${written.version} of ${written.network} is applied: ` +
            `${reason}`,
      `gstacks network status ${written.network}`,
    );
  }
}
