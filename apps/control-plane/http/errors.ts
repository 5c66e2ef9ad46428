import { CodedError } from '#libs/contracts/errors.js';
import type { Principal } from './request.js';

/** No such thing: the code says which kind. */
export class NotFoundError extends CodedError {}

/** No token, or one that is not known, ended or deleted: which of these is not told. */
export class UnauthenticatedError extends CodedError {
  constructor() {
    super(
      'UNAUTHENTICATED',
      'a valid token is needed',
      'log in with `gstacks login --url <url>`, or set GLOBALSTACKS_TOKEN to a valid token',
    );
  }
}

export class ForbiddenError extends CodedError {
  constructor(role: string, needed: string) {
    super('FORBIDDEN', `the role ${role} may not do this; it needs ${needed}`, `use a token with the role ${needed}`);
  }
}

/** There is such a path, for other methods. */
export class MethodNotAllowedError extends CodedError {
  constructor(
    method: string,
    readonly allowed: readonly string[],
  ) {
    const others = allowed.join(', ');
    super('METHOD_NOT_ALLOWED', `this address takes ${others}, and no ${method}`, `send it as ${others}`);
  }
}

/** The token was not made for joining this network with a machine. */
export class JoinNotAllowedError extends CodedError {
  constructor({ user, role, joinNetworks }: Pick<Principal, 'user' | 'role' | 'joinNetworks'>, network: string | null) {
    super(
      'JOIN_NOT_ALLOWED',
      joinNetworks === null
        ? `this token of role ${role} may not join networks`
        : `this token may join ${joinNetworks.join(', ')} and not ${network}`,
      network === null
        ? 'ask an admin for a token that may'
        : `ask an admin for a token that may: gstacks token create ${user} --role ${role} --join ${network}`,
    );
  }
}

/** A browser sent the session's cookie along with a request of another page. */
export class ForeignOriginError extends CodedError {
  constructor(found: string) {
    super(
      'FOREIGN_ORIGIN',
      `a signed-in browser sent this request from ${found}, not from the console`,
      'use the console at its own address, or a token',
    );
  }
}

/** Who may use the API with a token, and may not sign in to the console or do this from it. */
export class SignInRefusedError extends CodedError {}

export class EventStreamLimitError extends CodedError {
  constructor(most: number) {
    super(
      'EVENT_STREAM_LIMIT',
      `${most} streams of events are open, as many as this control plane serves`,
      'close some, or set GLOBALSTACKS_EVENT_STREAMS to more',
    );
  }
}

export class TooManyRequestsError extends CodedError {
  constructor() {
    super('TOO_MANY_REQUESTS', 'too many requests from here', 'wait a moment and send it again');
  }
}

/** A credential that proves nothing: wrong, used, ended, or for another name. */
export class CredentialRefusedError extends CodedError {}

export function networkNotFound(name: string): NotFoundError {
  return new NotFoundError('NETWORK_NOT_FOUND', `there is no network ${name}`, 'see `gstacks network list`');
}

export class NotReadyError extends CodedError {
  constructor() {
    super('STARTING', 'the control plane is still starting', 'try again in a moment');
  }
}
