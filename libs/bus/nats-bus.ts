import { setTimeout as pause } from 'node:timers/promises';
import { ErrorCode, type Msg, type NatsConnection, NatsError } from 'nats';
import { ByteWindow } from '#libs/async/byte-window.js';
import { FairQueues } from '#libs/async/fair-queues.js';
import { rest } from '#libs/async/rest.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { Bus, BusFault, BusHandler, BusSettings, BusStatus, BusSubscription } from './bus.js';
import { decodeMessage, decodeReply, encodeMessage, encodeRefusal } from './codec.js';
import {
  BusMessageTooLargeError,
  BusNotConnectedError,
  BusRefusedError,
  BusTimeoutError,
  BusUnavailableError,
  ReplyOutsideInboxError,
} from './errors.js';
import { jwtAuthenticator } from './nats-keys.js';
import { connectPaced } from './paced-connection.js';
import { RepeatedRequest } from './repeated-request.js';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
const PING_INTERVAL_MS = 5_000;
const PINGS_UNANSWERED = 2;
const CLOSE_TIMEOUT_MS = 1_000;
const CONNECT_TIMEOUT_MS = 5_000;
const DEFAULT_MAX_PAYLOAD_BYTES = 1_048_576;
/** Messages of one subject that may wait. Untrusted senders are limited before that. */
const MAX_WAITING = 4_096;

/**
 * Requests larger than this wait for one another. Otherwise a thousand of them are all repeated, because each waits for
 * the others longer than an attempt lasts. Smaller ones, such as a denial, never wait.
 */
const LARGE_BYTES = 16_384;
const LARGE_BYTES_AT_ONCE = 4 * 1_048_576;

interface Service {
  readonly subject: string;
  readonly handle: BusHandler;
  readonly atOnce: number;
}

/**
 * Connects in the background and stays connected. When a connection ends, a new one is made with the current
 * credentials, and every served subject is subscribed again. The client library's reconnection is off: it gives up when
 * credentials are refused, and never asks for new ones.
 */
export function connectBus(settings: BusSettings): Bus {
  return new NatsBus(settings);
}

class NatsBus implements Bus {
  private readonly services = new Set<Service>();
  private readonly stops = new Map<Service, () => void>();
  private readonly requests = new Set<RepeatedRequest>();
  private readonly queues = new FairQueues(MAX_WAITING);
  private readonly large = new ByteWindow(LARGE_BYTES_AT_ONCE);
  private readonly closing = new AbortController();
  private readonly running: Promise<void>;
  private connection: NatsConnection | null = null;
  private current: BusStatus = 'connecting';
  private lastFault: CodedError | null = null;

  constructor(private readonly settings: BusSettings) {
    this.running = this.stayConnected();
  }

  request(subject: string, message: unknown, timeoutMs: number): Promise<unknown> {
    return this.attempt(subject, encodeMessage(message), timeoutMs);
  }

  private async attempt(subject: string, payload: Buffer, timeoutMs: number): Promise<unknown> {
    const connection = this.connection;
    if (connection === null) throw new BusUnavailableError(subject, 'not connected to the bus');
    if (payload.byteLength > this.maxPayloadBytes()) {
      throw new BusMessageTooLargeError(subject, payload.byteLength, this.maxPayloadBytes());
    }
    let reply: Msg;
    try {
      reply = await connection.request(subject, payload, { timeout: timeoutMs });
    } catch (error) {
      throw requestError(error, subject, timeoutMs);
    }
    return decodeReply(reply.data);
  }

  async requestUntilAnswered(subject: string, message: unknown, signal: AbortSignal): Promise<unknown> {
    const payload = encodeMessage(message);
    const { byteLength } = payload;
    const request = new RepeatedRequest({
      attempt: (timeoutMs) => this.attempt(subject, payload, timeoutMs),
      isClosing: () => this.closing.signal.aborted,
      ...(byteLength > LARGE_BYTES && { inTurn: (attempt) => this.large.pass(byteLength, signal, attempt) }),
    });
    this.requests.add(request);
    try {
      return await request.answered(signal);
    } finally {
      this.requests.delete(request);
    }
  }

  serve(subject: string, handle: BusHandler, atOnce = 1): BusSubscription {
    const service: Service = { subject, handle, atOnce };
    this.services.add(service);
    if (this.connection !== null) this.stops.set(service, this.subscribe(this.connection, service));
    return {
      close: async () => {
        this.services.delete(service);
        this.stops.get(service)?.();
        this.stops.delete(service);
        await this.queues.idle(subject);
      },
    };
  }

  status(): BusStatus {
    return this.current;
  }

  fault(): CodedError | null {
    return this.lastFault;
  }

  maxPayloadBytes(): number {
    return this.connection?.info?.max_payload ?? DEFAULT_MAX_PAYLOAD_BYTES;
  }

  async reconnect(): Promise<void> {
    await this.connection?.close();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.connection?.close();
    await this.running;
    // A handler that never ends must not keep the process running: nobody can receive its reply any more.
    await Promise.race([this.queues.idle(), pause(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
  }

  private async stayConnected(): Promise<void> {
    const { signal } = this.closing;
    let pauseMs = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      try {
        const connection = await this.connectOnce();
        pauseMs = FIRST_PAUSE_MS;
        if (signal.aborted) await connection.close();
        await this.live(connection);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        this.lastFault = error instanceof CodedError ? error : new BusNotConnectedError(this.settings.servers, why);
        this.become('disconnected', error instanceof CodedError ? `${why}: ${error.remedy}` : why);
      }
      await rest(pauseMs, signal);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
    this.become('closed', null);
  }

  private connectOnce(): Promise<NatsConnection> {
    const { jwt, seed } = this.settings.credentials();
    return connectPaced({
      servers: [...this.settings.servers],
      name: this.settings.name,
      inboxPrefix: this.settings.inboxPrefix,
      authenticator: jwtAuthenticator(jwt, Buffer.from(seed)),
      reconnect: false,
      ignoreClusterUpdates: true,
      pingInterval: PING_INTERVAL_MS,
      maxPingOut: PINGS_UNANSWERED,
      timeout: CONNECT_TIMEOUT_MS,
      // Otherwise each request captures a stack trace, for an error that is replaced here anyway.
      noAsyncTraces: true,
    });
  }

  private async live(connection: NatsConnection): Promise<void> {
    this.connection = connection;
    this.lastFault = null;
    for (const service of this.services) this.stops.set(service, this.subscribe(connection, service));
    void this.watch(connection);
    this.become('connected', connection.getServer());
    for (const request of this.requests) request.hurry();
    const reason = await connection.closed();
    this.connection = null;
    this.become('disconnected', reason?.message ?? null);
  }

  private async watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === 'error') this.report('server', String(status.permissionContext?.subject ?? ''), status.data);
    }
  }

  private subscribe(connection: NatsConnection, service: Service): () => void {
    const subscription = connection.subscribe(service.subject, {
      callback: (error, message) => {
        if (error !== null) return this.report('server', service.subject, error.message);
        const { subject, reply } = message;
        const { intake } = this.settings;
        if (intake?.admits(subject, message.data.byteLength) === false) return;
        // The sender chooses the reply subject of its message, and must not choose whom this process writes to.
        if (!this.isSendersInbox(reply, subject)) {
          return this.report('reply', subject, new ReplyOutsideInboxError(subject, reply ?? ''));
        }
        const sender = this.settings.replyInbox(subject) ?? subject;
        const isHeldBack = (): boolean => intake?.isHeldBack(subject) === true;
        const turn = { subject, sender, atOnce: service.atOnce, isHeldBack };
        const isTaken = this.queues.add(turn, async () => {
          if (intake?.isStillWanted(subject) !== false) await this.answer(service, message);
        });
        if (!isTaken) this.report('overflow', subject, null);
      },
    });
    return () => {
      if (!connection.isClosed()) subscription.unsubscribe();
    };
  }

  /** Also true without a reply subject: then no reply is sent. */
  private isSendersInbox(reply: string | undefined, subject: string): boolean {
    if (reply === undefined || reply === '') return true;
    const inbox = this.settings.replyInbox(subject);
    return inbox !== null && reply.startsWith(`${inbox}.`);
  }

  private async answer(service: Service, message: Msg): Promise<void> {
    let reply: Buffer;
    try {
      reply = encodeMessage(await service.handle(decodeMessage(message.data), message.subject));
    } catch (error) {
      this.report(error instanceof BusRefusedError ? 'undecodable' : 'handler', message.subject, error);
      reply = encodeRefusal(error);
    }
    // If the connection has ended, nobody waits for this reply: the requester repeats its request over its next
    // connection.
    if (this.connection !== null && !this.connection.isClosed()) message.respond(reply);
  }

  private report(kind: BusFault['kind'], subject: string, detail: unknown): void {
    this.settings.onFault?.({ kind, subject, detail });
  }

  private become(status: BusStatus, detail: string | null): void {
    if (this.current === status && status !== 'disconnected') return;
    this.current = status;
    this.settings.onStatus(status, detail);
  }
}

function requestError(error: unknown, subject: string, timeoutMs: number): unknown {
  if (!(error instanceof NatsError)) return error;
  switch (error.code) {
    case ErrorCode.Timeout:
      return new BusTimeoutError(subject, timeoutMs);
    case ErrorCode.NoResponders:
      return new BusUnavailableError(subject, 'nobody subscribes to it');
    default:
      return new BusUnavailableError(subject, error.message);
  }
}
