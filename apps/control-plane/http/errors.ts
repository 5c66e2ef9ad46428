import { CodedError } from '#libs/contracts/errors.js';
import type { Principal } from './request.js';

/** Something does not exist; the code says what. */
export class NotFoundError extends CodedError {}

/** No token, or an unknown, expired or deleted one; the answer does not say which. */
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

/** The path exists, but not for this method. */
export class MethodNotAllowedError extends CodedError {
  constructor(
    method: string,
    readonly allowed: readonly string[],
  ) {
    const others = allowed.join(', ');
    super('METHOD_NOT_ALLOWED', `this route supports ${others}, not ${method}`, `send it as ${others}`);
  }
}

/** The token may not join this network with a machine. */
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

/** A browser sent the session's cookie with a request of another page. */
export class ForeignOriginError extends CodedError {
  constructor(found: string) {
    super(
      'FOREIGN_ORIGIN',
      `a signed-in browser sent this request from ${found}, not from the console`,
      'open the console at its own address, or use a token',
    );
  }
}

/** The token may use the API but not sign in to the console, or not do this from it. */
export class SignInRefusedError extends CodedError {}

export class EventStreamLimitError extends CodedError {
  constructor(most: number) {
    super(
      'EVENT_STREAM_LIMIT',
      `${most} streams of events are open, the most that this control plane serves`,
      'close some, or raise GLOBALSTACKS_EVENT_STREAMS',
    );
  }
}

export class TooManyRequestsError extends CodedError {
  constructor() {
    super('TOO_MANY_REQUESTS', 'too many requests from this IP address', 'wait a moment and send it again');
  }
}

/** A credential is wrong, spent, expired, or for another name. */
export class CredentialRefusedError extends CodedError {}

export function networkNotFound(name: string): NotFoundError {
  return new NotFoundError(
    'NETWORK_NOT_FOUND',
    `there is no network ${name}`,
    `see \`gstacks network list\`, or make it: gstacks network create ${name}`,
  );
}

export class NotReadyError extends CodedError {
  constructor() {
    super('STARTING', 'the control plane is still starting', 'try again in a moment');
  }
}
