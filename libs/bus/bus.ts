import type { CodedError } from '#libs/contracts/errors.js';

/** State of the connection; `closed` is final. */
export type BusStatus = 'connecting' | 'connected' | 'disconnected' | 'closed';

/** NATS user credentials: a seed, and a JWT that names its public key and permissions. */
export interface BusCredentials {
  readonly jwt: string;
  readonly seed: string;
}

/** Limits the messages that this process takes from others. */
export interface BusIntake {
  /** Called for each message before it is decoded: false drops it unanswered. */
  admits(subject: string, bytes: number): boolean;
  /** Whether the sender's next message waits a few milliseconds after this one was handled. */
  isHeldBack(subject: string): boolean;
  /** Called when an admitted message's turn has come: false drops it unanswered. */
  isStillWanted(subject: string): boolean;
}

export interface BusSettings {
  readonly servers: readonly string[];
  readonly name: string;
  readonly inboxPrefix: string;
  /**
   * The inbox prefix of the sender of a message on this subject; replies go nowhere else. null: nobody sends on this
   * subject. A message with another reply subject is dropped before its handler runs.
   */
  readonly replyInbox: (subject: string) => string | null;
  /** Absent: all messages on served subjects are taken. */
  readonly intake?: BusIntake;
  /** Called at each connect, so renewed credentials are used without a restart of the process. */
  readonly credentials: () => BusCredentials;
  readonly onStatus: (status: BusStatus, detail: string | null) => void;
  /** Called for every message that is dropped or refused here, and for every operation that the server refuses. */
  readonly onFault?: (fault: BusFault) => void;
}

export interface BusFault {
  /** reply: the message's reply subject is outside its sender's inbox; `detail` is a ReplyOutsideInboxError. */
  readonly kind: 'overflow' | 'server' | 'undecodable' | 'handler' | 'reply';
  readonly subject: string;
  readonly detail: unknown;
}

export interface BusSubscription {
  close(): Promise<void>;
}

/** Handles a message that was decoded from JSON and not validated yet. */
export type BusHandler = (message: unknown, subject: string) => Promise<unknown>;

/**
 * Requests and replies in JSON over core NATS. Delivery is at most once: a caller that needs an answer repeats its
 * request. Oversized and undecodable messages are counted, and refused if they ask for a reply.
 */
export interface Bus {
  /**
   * One attempt. Errors: BusTimeoutError, BusUnavailableError (not connected, or no receiver), BusRefusedError (the
   * receiver could not decode it, or its handler threw), BusMessageTooLargeError.
   */
  request(subject: string, message: unknown, timeoutMs: number): Promise<unknown>;
  /**
   * Repeats the request, with pauses that grow up to two seconds, until it is answered or aborted. The answer to an
   * earlier attempt counts too, for 30 seconds. Rejects with the abort reason.
   */
  requestUntilAnswered(subject: string, message: unknown, signal: AbortSignal): Promise<unknown>;
  /**
   * Handles the requests of each subject in order, one at a time unless `atOnce` allows more. Different subjects are
   * handled concurrently, and senders take turns: nobody waits for more than one message of each other sender. The
   * handler's result is the reply; a CodedError that it throws reaches the requester as BusRefusedError with the same
   * code.
   */
  serve(subject: string, handle: BusHandler, atOnce?: number): BusSubscription;
  status(): BusStatus;
  /** Why there is no connection: the fault of the last attempt; null: there is one, or nothing has failed yet. */
  fault(): CodedError | null;
  /** Largest message that the server accepts, in bytes. */
  maxPayloadBytes(): number;
  /** Drops the connection and connects again with fresh credentials. */
  reconnect(): Promise<void>;
  close(): Promise<void>;
}
