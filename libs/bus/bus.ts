/** What is known of the connection; `closed` is final. */
export type BusStatus = 'connecting' | 'connected' | 'disconnected' | 'closed';

/** NATS user credentials: the seed's holder made it, the JWT names its public key and permissions. */
export interface BusCredentials {
  readonly jwt: string;
  readonly seed: string;
}

/** Bounds what others may ask of this process. */
export interface BusIntake {
  /** Asked about each message before anything of it is read: false drops it, unanswered. */
  admits(subject: string, bytes: number): boolean;
  /** Whether the sender's next message waits for some milliseconds once this one was dealt with. */
  isHeldBack(subject: string): boolean;
  /** Asked when the turn of an admitted message has come: false drops it, unanswered. */
  isStillWanted(subject: string): boolean;
}

export interface BusSettings {
  readonly servers: readonly string[];
  readonly name: string;
  readonly inboxPrefix: string;
  /**
   * Of a message on this subject, the inbox prefix of its sender: answers go there and nowhere else. null: nobody sends
   * on this subject. A message that names another reply subject is dropped before its handler runs.
   */
  readonly replyInbox: (subject: string) => string | null;
  /** Left out: all messages on served subjects are taken. */
  readonly intake?: BusIntake;
  /** Asked for at each connect, so that renewed credentials are used without a restart of the process. */
  readonly credentials: () => BusCredentials;
  readonly onStatus: (status: BusStatus, detail: string | null) => void;
  /** Told of every message dropped or refused here, and of what the server would not allow. */
  readonly onFault?: (fault: BusFault) => void;
}

export interface BusFault {
  /** reply: the message names a reply subject outside its sender's inbox; `detail` is a ReplyOutsideInboxError. */
  readonly kind: 'overflow' | 'server' | 'undecodable' | 'handler' | 'reply';
  readonly subject: string;
  readonly detail: unknown;
}

export interface BusSubscription {
  close(): Promise<void>;
}

/** What a handler gets: the message decoded from JSON, not yet validated. */
export type BusHandler = (message: unknown, subject: string) => Promise<unknown>;

/**
 * Requests and replies in JSON over core NATS. Delivery is at most once: whoever needs an answer asks again.
 * Oversized and undecodable messages are counted, answered with a refusal where there is somebody to answer, and
 * otherwise dropped.
 */
export interface Bus {
  /**
   * One attempt. Errors: BusTimeoutError, BusUnavailableError (nobody listens, or not connected),
   * BusRefusedError (the receiver's handler threw, or could not decode it), BusMessageTooLargeError.
   */
  request(subject: string, message: unknown, timeoutMs: number): Promise<unknown>;
  /** Attempts, with growing pauses up to two seconds, until answered or aborted (rejects with the abort reason). */
  requestUntilAnswered(subject: string, message: unknown, signal: AbortSignal): Promise<unknown>;
  /**
   * Serves requests of each subject in order, one at a time unless `atOnce` says more; different subjects run side by
   * side, and senders take turns: nobody waits for more than one message of each other sender. What the handler returns
   * is the reply; a CodedError it throws reaches the requester as BusRefusedError with that code.
   */
  serve(subject: string, handle: BusHandler, atOnce?: number): BusSubscription;
  status(): BusStatus;
  /** Largest message that the server takes, in bytes. */
  maxPayloadBytes(): number;
  /** Drops the connection and connects again with fresh credentials. */
  reconnect(): Promise<void>;
  close(): Promise<void>;
}
