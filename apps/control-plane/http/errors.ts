import { CodedError } from '#libs/contracts/errors.js';

/** No such thing: the code says which kind. */
export class NotFoundError extends CodedError {}

/** No token, or one that is not known, ended or deleted: which of these is not told. */
export class UnauthenticatedError extends CodedError {
  constructor() {
    super('UNAUTHENTICATED', 'a valid token is needed', 'log in with `gstacks login`, or set GLOBALSTACKS_TOKEN');
  }
}

export class ForbiddenError extends CodedError {
  constructor(role: string, needed: string) {
    super('FORBIDDEN', `the role ${role} may not do this; it needs ${needed}`, `use a token with the role ${needed}`);
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
