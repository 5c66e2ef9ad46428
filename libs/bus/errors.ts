import { CodedError } from '#libs/contracts/errors.js';

/** Nobody answered within the bound. */
export class BusTimeoutError extends CodedError {
  constructor(subject: string, timeoutMs: number) {
    super('BUS_TIMEOUT', `no answer on ${subject} within ${timeoutMs} ms`);
  }
}

/** Not connected, or connected with nobody listening. */
export class BusUnavailableError extends CodedError {
  constructor(subject: string, why: string) {
    super('BUS_UNAVAILABLE', `${subject} cannot be reached: ${why}`);
  }
}

/** The other side answered that it cannot take the message: undecodable, of another protocol, or failed at it. */
export class BusRefusedError extends CodedError {}

/** The message is larger than the server takes. */
export class BusMessageTooLargeError extends CodedError {
  constructor(subject: string, bytes: number, maxBytes: number) {
    super('BUS_MESSAGE_TOO_LARGE', `a message of ${bytes} bytes for ${subject} is over the bus's limit of ${maxBytes}`);
  }
}

/** Fewer servers of the bus answered than there are: nothing can be said of all of them. */
export class BusServersSilentError extends CodedError {
  constructor(answered: number, active: number) {
    super('BUS_SERVERS_SILENT', `only ${answered} of ${active} servers of the bus answered`, 'check nats-server');
  }
}

const QUOTED_CHARACTERS = 200;

/** A message asks for its answer on a subject that is not its sender's to hear: it is dropped unanswered. */
export class ReplyOutsideInboxError extends CodedError {
  constructor(subject: string, reply: string) {
    const named = reply.length > QUOTED_CHARACTERS ? `${reply.slice(0, QUOTED_CHARACTERS)}…` : reply;
    super('REPLY_OUTSIDE_INBOX', `a message on ${subject} asks for its answer on ${named}, outside its sender's inbox`);
  }
}
