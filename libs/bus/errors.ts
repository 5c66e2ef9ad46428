import { CodedError } from '#libs/contracts/errors.js';

/** No answer in time. */
export class BusTimeoutError extends CodedError {
  constructor(subject: string, timeoutMs: number) {
    super('BUS_TIMEOUT', `no answer on ${subject} within ${timeoutMs} ms`);
  }
}

/** Not connected, or nobody serves the subject. */
export class BusUnavailableError extends CodedError {
  constructor(subject: string, why: string) {
    super('BUS_UNAVAILABLE', `${subject} cannot be reached: ${why}`);
  }
}

/** A server of the bus shows a certificate that this process does not accept. */
export class BusCertificateError extends CodedError {}

/** There is no connection to the bus, and why. */
export class BusNotConnectedError extends CodedError {
  constructor(servers: readonly string[], why: string) {
    super(
      'BUS_NOT_CONNECTED',
      `there is no connection to the bus at ${servers.join(', ')}: ${why}`,
      'check that nats-server runs there, and that no firewall blocks its port',
    );
  }
}

/** The other side refused the message: undecodable, another protocol, or its handler failed. */
export class BusRefusedError extends CodedError {}

/** The message is larger than the server accepts. */
export class BusMessageTooLargeError extends CodedError {
  constructor(subject: string, bytes: number, maxBytes: number) {
    super(
      'BUS_MESSAGE_TOO_LARGE',
      `a message of ${bytes} bytes for ${subject} is larger than nats-server accepts (${maxBytes} bytes)`,
    );
  }
}

/** Not every server of the bus answered, so nothing can be said about all of them. */
export class BusServersSilentError extends CodedError {
  constructor(whatHappened: string) {
    super('BUS_SERVERS_SILENT', whatHappened, 'check nats-server');
  }
}

const QUOTED_CHARACTERS = 200;

/** A message names a reply subject outside its sender's inbox. It is dropped unanswered. */
export class ReplyOutsideInboxError extends CodedError {
  constructor(subject: string, reply: string) {
    const named = reply.length > QUOTED_CHARACTERS ? `${reply.slice(0, QUOTED_CHARACTERS)}…` : reply;
    super(
      'REPLY_OUTSIDE_INBOX',
      `a message on ${subject} asks for its answer on ${named}, which is not its sender's inbox`,
    );
  }
}
